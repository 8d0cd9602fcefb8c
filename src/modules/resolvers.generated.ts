/* This file was automatically generated. DO NOT UPDATE MANUALLY. */
    import type   { Resolvers } from './types.generated.ts';
    import    { encoder as Query_encoder } from './encoder/resolvers/Query/encoder.ts';
import    { encoders as Query_encoders } from './encoder/resolvers/Query/encoders.ts';
import    { featureSet as Query_featureSet } from './featureSet/resolvers/Query/featureSet.ts';
import    { job as Query_job } from './job/resolvers/Query/job.ts';
import    { jobs as Query_jobs } from './job/resolvers/Query/jobs.ts';
import    { node as Query_node } from './base/resolvers/Query/node.ts';
import    { nodes as Query_nodes } from './base/resolvers/Query/nodes.ts';
import    { patient as Query_patient } from './patient/resolvers/Query/patient.ts';
import    { patients as Query_patients } from './patient/resolvers/Query/patients.ts';
import    { similarPatches as Query_similarPatches } from './similarity/resolvers/Query/similarPatches.ts';
import    { slide as Query_slide } from './slide/resolvers/Query/slide.ts';
import    { slides as Query_slides } from './slide/resolvers/Query/slides.ts';
import    { studies as Query_studies } from './study/resolvers/Query/studies.ts';
import    { study as Query_study } from './study/resolvers/Query/study.ts';
import    { viewer as Query_viewer } from './base/resolvers/Query/viewer.ts';
import    { cancelJob as Mutation_cancelJob } from './job/resolvers/Mutation/cancelJob.ts';
import    { createStudy as Mutation_createStudy } from './study/resolvers/Mutation/createStudy.ts';
import    { embedSlides as Mutation_embedSlides } from './featureSet/resolvers/Mutation/embedSlides.ts';
import    { registerEncoder as Mutation_registerEncoder } from './encoder/resolvers/Mutation/registerEncoder.ts';
import    { registerSlides as Mutation_registerSlides } from './slide/resolvers/Mutation/registerSlides.ts';
import    { retryJob as Mutation_retryJob } from './job/resolvers/Mutation/retryJob.ts';
import    { setSlideResolution as Mutation_setSlideResolution } from './slide/resolvers/Mutation/setSlideResolution.ts';
import    { tileSlides as Mutation_tileSlides } from './patch/resolvers/Mutation/tileSlides.ts';
import    { Encoder } from './encoder/resolvers/Encoder.ts';
import    { EncoderModel } from './encoder/resolvers/EncoderModel.ts';
import    { FeatureSet } from './featureSet/resolvers/FeatureSet.ts';
import    { Job } from './job/resolvers/Job.ts';
import    { JobConnection } from './job/resolvers/JobConnection.ts';
import    { JobFailure } from './job/resolvers/JobFailure.ts';
import    { JobFailureConnection } from './job/resolvers/JobFailureConnection.ts';
import    { Patch } from './patch/resolvers/Patch.ts';
import    { PatchGrid } from './patch/resolvers/PatchGrid.ts';
import    { Patient } from './patient/resolvers/Patient.ts';
import    { PatientConnection } from './patient/resolvers/PatientConnection.ts';
import    { SimilarPatch } from './similarity/resolvers/SimilarPatch.ts';
import    { Slide } from './slide/resolvers/Slide.ts';
import    { SlideConnection } from './slide/resolvers/SlideConnection.ts';
import    { SlideFeatures } from './featureSet/resolvers/SlideFeatures.ts';
import    { SlideImage } from './slide/resolvers/SlideImage.ts';
import    { Study } from './study/resolvers/Study.ts';
import    { StudyConnection } from './study/resolvers/StudyConnection.ts';
import    { DateTime } from './base/resolvers/DateTime.ts';
import    { JSON } from './base/resolvers/JSON.ts';
import    { Vector } from './base/resolvers/Vector.ts';
    export const resolvers: Resolvers = {
      Query: { encoder: Query_encoder,encoders: Query_encoders,featureSet: Query_featureSet,job: Query_job,jobs: Query_jobs,node: Query_node,nodes: Query_nodes,patient: Query_patient,patients: Query_patients,similarPatches: Query_similarPatches,slide: Query_slide,slides: Query_slides,studies: Query_studies,study: Query_study,viewer: Query_viewer },
      Mutation: { cancelJob: Mutation_cancelJob,createStudy: Mutation_createStudy,embedSlides: Mutation_embedSlides,registerEncoder: Mutation_registerEncoder,registerSlides: Mutation_registerSlides,retryJob: Mutation_retryJob,setSlideResolution: Mutation_setSlideResolution,tileSlides: Mutation_tileSlides },
      
      Encoder: Encoder,
EncoderModel: EncoderModel,
FeatureSet: FeatureSet,
Job: Job,
JobConnection: JobConnection,
JobFailure: JobFailure,
JobFailureConnection: JobFailureConnection,
Patch: Patch,
PatchGrid: PatchGrid,
Patient: Patient,
PatientConnection: PatientConnection,
SimilarPatch: SimilarPatch,
Slide: Slide,
SlideConnection: SlideConnection,
SlideFeatures: SlideFeatures,
SlideImage: SlideImage,
Study: Study,
StudyConnection: StudyConnection,
DateTime: DateTime,
JSON: JSON,
Vector: Vector
    }
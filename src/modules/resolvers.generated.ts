/* This file was automatically generated. DO NOT UPDATE MANUALLY. */
    import type   { Resolvers } from './types.generated.ts';
    import    { codebookChoice as Query_codebookChoice } from './phenotype/resolvers/Query/codebookChoice.ts';
import    { cohort as Query_cohort } from './cohort/resolvers/Query/cohort.ts';
import    { compareCohorts as Query_compareCohorts } from './cohort/resolvers/Query/compareCohorts.ts';
import    { encoder as Query_encoder } from './encoder/resolvers/Query/encoder.ts';
import    { encoders as Query_encoders } from './encoder/resolvers/Query/encoders.ts';
import    { facets as Query_facets } from './cohort/resolvers/Query/facets.ts';
import    { featureSet as Query_featureSet } from './featureSet/resolvers/Query/featureSet.ts';
import    { job as Query_job } from './job/resolvers/Query/job.ts';
import    { jobs as Query_jobs } from './job/resolvers/Query/jobs.ts';
import    { milModel as Query_milModel } from './mil/resolvers/Query/milModel.ts';
import    { node as Query_node } from './base/resolvers/Query/node.ts';
import    { nodes as Query_nodes } from './base/resolvers/Query/nodes.ts';
import    { patient as Query_patient } from './patient/resolvers/Query/patient.ts';
import    { patients as Query_patients } from './patient/resolvers/Query/patients.ts';
import    { similarPatches as Query_similarPatches } from './similarity/resolvers/Query/similarPatches.ts';
import    { similarPatients as Query_similarPatients } from './similarity/resolvers/Query/similarPatients.ts';
import    { similarPhenotypes as Query_similarPhenotypes } from './phenotype/resolvers/Query/similarPhenotypes.ts';
import    { similarSlides as Query_similarSlides } from './similarity/resolvers/Query/similarSlides.ts';
import    { slide as Query_slide } from './slide/resolvers/Query/slide.ts';
import    { slides as Query_slides } from './slide/resolvers/Query/slides.ts';
import    { studies as Query_studies } from './study/resolvers/Query/studies.ts';
import    { study as Query_study } from './study/resolvers/Query/study.ts';
import    { survival as Query_survival } from './survival/resolvers/Query/survival.ts';
import    { viewer as Query_viewer } from './base/resolvers/Query/viewer.ts';
import    { workers as Query_workers } from './job/resolvers/Query/workers.ts';
import    { buildCodebook as Mutation_buildCodebook } from './phenotype/resolvers/Mutation/buildCodebook.ts';
import    { buildSearchIndex as Mutation_buildSearchIndex } from './similarity/resolvers/Mutation/buildSearchIndex.ts';
import    { cancelJob as Mutation_cancelJob } from './job/resolvers/Mutation/cancelJob.ts';
import    { createStudy as Mutation_createStudy } from './study/resolvers/Mutation/createStudy.ts';
import    { createUpload as Mutation_createUpload } from './upload/resolvers/Mutation/createUpload.ts';
import    { embedSlides as Mutation_embedSlides } from './featureSet/resolvers/Mutation/embedSlides.ts';
import    { exportFeatures as Mutation_exportFeatures } from './export/resolvers/Mutation/exportFeatures.ts';
import    { importClinical as Mutation_importClinical } from './patient/resolvers/Mutation/importClinical.ts';
import    { importFeatures as Mutation_importFeatures } from './featureImport/resolvers/Mutation/importFeatures.ts';
import    { importMilModel as Mutation_importMilModel } from './mil/resolvers/Mutation/importMilModel.ts';
import    { namePhenotype as Mutation_namePhenotype } from './phenotype/resolvers/Mutation/namePhenotype.ts';
import    { reduceFeatureSet as Mutation_reduceFeatureSet } from './featureSet/resolvers/Mutation/reduceFeatureSet.ts';
import    { registerEncoder as Mutation_registerEncoder } from './encoder/resolvers/Mutation/registerEncoder.ts';
import    { registerSlides as Mutation_registerSlides } from './slide/resolvers/Mutation/registerSlides.ts';
import    { retryJob as Mutation_retryJob } from './job/resolvers/Mutation/retryJob.ts';
import    { saveCohort as Mutation_saveCohort } from './cohort/resolvers/Mutation/saveCohort.ts';
import    { scoreMilModel as Mutation_scoreMilModel } from './mil/resolvers/Mutation/scoreMilModel.ts';
import    { setSlideResolution as Mutation_setSlideResolution } from './slide/resolvers/Mutation/setSlideResolution.ts';
import    { tileSlides as Mutation_tileSlides } from './patch/resolvers/Mutation/tileSlides.ts';
import    { trainMilModel as Mutation_trainMilModel } from './mil/resolvers/Mutation/trainMilModel.ts';
import    { jobProgress as Subscription_jobProgress } from './job/resolvers/Subscription/jobProgress.ts';
import    { Attribute } from './study/resolvers/Attribute.ts';
import    { Codebook } from './phenotype/resolvers/Codebook.ts';
import    { Cohort } from './cohort/resolvers/Cohort.ts';
import    { CohortComparison as cohort_CohortComparison } from './cohort/resolvers/CohortComparison.ts';
import    { CohortComparison as phenotype_CohortComparison } from './phenotype/resolvers/CohortComparison.ts';
import    { Encoder } from './encoder/resolvers/Encoder.ts';
import    { EncoderModel } from './encoder/resolvers/EncoderModel.ts';
import    { FeatureSet as phenotype_FeatureSet } from './phenotype/resolvers/FeatureSet.ts';
import    { FeatureSet as featureSet_FeatureSet } from './featureSet/resolvers/FeatureSet.ts';
import    { FeatureSet as similarity_FeatureSet } from './similarity/resolvers/FeatureSet.ts';
import    { Job } from './job/resolvers/Job.ts';
import    { JobConnection } from './job/resolvers/JobConnection.ts';
import    { JobFailure } from './job/resolvers/JobFailure.ts';
import    { JobFailureConnection } from './job/resolvers/JobFailureConnection.ts';
import    { MilFold } from './mil/resolvers/MilFold.ts';
import    { MilModel } from './mil/resolvers/MilModel.ts';
import    { MilScore } from './mil/resolvers/MilScore.ts';
import    { MilScoreConnection } from './mil/resolvers/MilScoreConnection.ts';
import    { Patch as mil_Patch } from './mil/resolvers/Patch.ts';
import    { Patch as patch_Patch } from './patch/resolvers/Patch.ts';
import    { Patch as phenotype_Patch } from './phenotype/resolvers/Patch.ts';
import    { PatchGrid } from './patch/resolvers/PatchGrid.ts';
import    { Patient as patient_Patient } from './patient/resolvers/Patient.ts';
import    { Patient as phenotype_Patient } from './phenotype/resolvers/Patient.ts';
import    { Patient as mil_Patient } from './mil/resolvers/Patient.ts';
import    { PatientConnection } from './patient/resolvers/PatientConnection.ts';
import    { Phenotype } from './phenotype/resolvers/Phenotype.ts';
import    { PhenotypeShare } from './phenotype/resolvers/PhenotypeShare.ts';
import    { PhenotypeShareConnection } from './phenotype/resolvers/PhenotypeShareConnection.ts';
import    { SearchIndex } from './similarity/resolvers/SearchIndex.ts';
import    { SimilarPatch } from './similarity/resolvers/SimilarPatch.ts';
import    { SimilarPatient } from './similarity/resolvers/SimilarPatient.ts';
import    { SimilarPhenotype } from './phenotype/resolvers/SimilarPhenotype.ts';
import    { SimilarSlide } from './similarity/resolvers/SimilarSlide.ts';
import    { Slide as slide_Slide } from './slide/resolvers/Slide.ts';
import    { Slide as phenotype_Slide } from './phenotype/resolvers/Slide.ts';
import    { Slide as mil_Slide } from './mil/resolvers/Slide.ts';
import    { SlideConnection } from './slide/resolvers/SlideConnection.ts';
import    { SlideFeatures } from './featureSet/resolvers/SlideFeatures.ts';
import    { SlideImage } from './slide/resolvers/SlideImage.ts';
import    { Study as study_Study } from './study/resolvers/Study.ts';
import    { Study as phenotype_Study } from './phenotype/resolvers/Study.ts';
import    { Study as mil_Study } from './mil/resolvers/Study.ts';
import    { StudyConnection } from './study/resolvers/StudyConnection.ts';
import    { SurvivalAnalysis } from './survival/resolvers/SurvivalAnalysis.ts';
import    { SurvivalEndpoint } from './study/resolvers/SurvivalEndpoint.ts';
import    { Worker } from './job/resolvers/Worker.ts';
import    { DateTime } from './base/resolvers/DateTime.ts';
import    { JSON } from './base/resolvers/JSON.ts';
import    { Vector } from './base/resolvers/Vector.ts';
    export const resolvers: Resolvers = {
      Query: { codebookChoice: Query_codebookChoice,cohort: Query_cohort,compareCohorts: Query_compareCohorts,encoder: Query_encoder,encoders: Query_encoders,facets: Query_facets,featureSet: Query_featureSet,job: Query_job,jobs: Query_jobs,milModel: Query_milModel,node: Query_node,nodes: Query_nodes,patient: Query_patient,patients: Query_patients,similarPatches: Query_similarPatches,similarPatients: Query_similarPatients,similarPhenotypes: Query_similarPhenotypes,similarSlides: Query_similarSlides,slide: Query_slide,slides: Query_slides,studies: Query_studies,study: Query_study,survival: Query_survival,viewer: Query_viewer,workers: Query_workers },
      Mutation: { buildCodebook: Mutation_buildCodebook,buildSearchIndex: Mutation_buildSearchIndex,cancelJob: Mutation_cancelJob,createStudy: Mutation_createStudy,createUpload: Mutation_createUpload,embedSlides: Mutation_embedSlides,exportFeatures: Mutation_exportFeatures,importClinical: Mutation_importClinical,importFeatures: Mutation_importFeatures,importMilModel: Mutation_importMilModel,namePhenotype: Mutation_namePhenotype,reduceFeatureSet: Mutation_reduceFeatureSet,registerEncoder: Mutation_registerEncoder,registerSlides: Mutation_registerSlides,retryJob: Mutation_retryJob,saveCohort: Mutation_saveCohort,scoreMilModel: Mutation_scoreMilModel,setSlideResolution: Mutation_setSlideResolution,tileSlides: Mutation_tileSlides,trainMilModel: Mutation_trainMilModel },
      Subscription: { jobProgress: Subscription_jobProgress },
      Attribute: Attribute,
Codebook: Codebook,
Cohort: Cohort,
CohortComparison: { ...cohort_CohortComparison,...phenotype_CohortComparison },
Encoder: Encoder,
EncoderModel: EncoderModel,
FeatureSet: { ...phenotype_FeatureSet,...featureSet_FeatureSet,...similarity_FeatureSet },
Job: Job,
JobConnection: JobConnection,
JobFailure: JobFailure,
JobFailureConnection: JobFailureConnection,
MilFold: MilFold,
MilModel: MilModel,
MilScore: MilScore,
MilScoreConnection: MilScoreConnection,
Patch: { ...mil_Patch,...patch_Patch,...phenotype_Patch },
PatchGrid: PatchGrid,
Patient: { ...patient_Patient,...phenotype_Patient,...mil_Patient },
PatientConnection: PatientConnection,
Phenotype: Phenotype,
PhenotypeShare: PhenotypeShare,
PhenotypeShareConnection: PhenotypeShareConnection,
SearchIndex: SearchIndex,
SimilarPatch: SimilarPatch,
SimilarPatient: SimilarPatient,
SimilarPhenotype: SimilarPhenotype,
SimilarSlide: SimilarSlide,
Slide: { ...slide_Slide,...phenotype_Slide,...mil_Slide },
SlideConnection: SlideConnection,
SlideFeatures: SlideFeatures,
SlideImage: SlideImage,
Study: { ...study_Study,...phenotype_Study,...mil_Study },
StudyConnection: StudyConnection,
SurvivalAnalysis: SurvivalAnalysis,
SurvivalEndpoint: SurvivalEndpoint,
Worker: Worker,
DateTime: DateTime,
JSON: JSON,
Vector: Vector
    }
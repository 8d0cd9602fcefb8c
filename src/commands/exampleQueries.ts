import type { ExampleQuery } from "../server/graphiql.ts";

const STUDY = `# Who is in the study, and what is known of each slide?
# (The demo's own study is SYNTHETIC: no patient, no diagnosis.)
query Study($study: String!) {
  study(key: $study) {
    name
    patients(first: 5) {
      totalCount
      nodes {
        key
        slides {
          nodes {
            key
            image {
              widthPixels
              heightPixels
              micronsPerPixelX
              thumbnailUrl
            }
            grids { patches tissueShare maskUrl }
            featureSets {
              vectors
              isComplete
              featureSet { key dims encoder { name } }
            }
          }
        }
      }
    }
  }
}
`;

const SIMILAR = `# Which patches of other patients look like this one?
query Similar($featureSet: ID!, $patch: ID!) {
  similarPatches(input: { featureSet: $featureSet, to: { patch: $patch }, first: 10 }) {
    hits {
      similarity
      patch { id x y imageUrl(contextMicrons: 50) slide { key patient { key } } }
    }
    search { strategy matches isComplete recallBasis tookMs }
  }
}
`;

const JOBS = `# What has run, what failed, and what mends it?
query Jobs($study: String!) {
  jobs(studyKey: $study, first: 5) {
    nodes {
      kind
      state
      progress { done total unit message }
      failures { nodes { code message fix slide { key } } }
    }
  }
}
`;

/** Ready-made queries that the page opens with. @param patch id of a patch to ask about, where there is one */
export const exampleQueries = (study: string, featureSet: string, patch: string | null): ExampleQuery[] => [
  { document: STUDY, variables: { study } },
  ...(patch === null ? [] : [{ document: SIMILAR, variables: { featureSet, patch } }]),
  { document: JOBS, variables: { study } },
];

/**
 * Starts GraphiQL (Ruru) in the page that src/server/graphiql.ts writes, from files that the server itself serves.
 * Ready-made queries open in tabs of their own; tabs that the reader has open stay.
 */

import { createFetcher } from "./fetcher.js";

/** @typedef {{ document: string, variables?: string }} Example */
/** @type {{ endpoint: string, assets: string, examples: Example[] }} */
const settings = JSON.parse(document.getElementById("settings")?.textContent ?? "{}");

/** Where GraphiQL 5 keeps its tabs between visits. */
const TABS = "graphiql:tabState";

/** @returns {{ query: string | null, variables: string | null }[]} */
const storedTabs = () => {
  try {
    return JSON.parse(localStorage.getItem(TABS) ?? "null")?.tabs ?? [];
  } catch {
    return [];
  }
};

/** @param {Example} example */
const toTab = ({ document: query, variables = "" }) => {
  const operationName = /^\s*(?:query|mutation|subscription)\s+(\w+)/m.exec(query)?.[1] ?? null;
  return {
    id: crypto.randomUUID?.() ?? String(Math.random()),
    hash: null,
    title: operationName ?? "<untitled>",
    query,
    variables,
    headers: null,
    operationName,
    response: null,
  };
};

const openExamples = () => {
  const tabs = storedTabs();
  const missing = settings.examples.filter(
    ({ document: query, variables = "" }) =>
      !tabs.some((tab) => tab.query === query && (tab.variables ?? "") === variables),
  );
  if (missing.length === 0) return;
  const activeTabIndex = tabs.length;
  localStorage.setItem(TABS, JSON.stringify({ tabs: [...tabs, ...missing.map(toTab)], activeTabIndex }));
  localStorage.setItem("graphiql:query", missing[0]?.document ?? "");
  localStorage.setItem("graphiql:variables", missing[0]?.variables ?? "");
};

const WORKERS = { json: "jsonWorker.js", graphql: "graphqlWorker.js" };
globalThis.MonacoEnvironment = {
  /** @param {unknown} _id @param {string} label */
  getWorker: (_id, label) => new Worker(`${settings.assets}${WORKERS[label] ?? "editorWorker.js"}`, { type: "module" }),
};

openExamples();
const { React, createRoot, Ruru } = await import(`${settings.assets}ruru.js`);
createRoot(document.getElementById("ruru-root")).render(
  React.createElement(Ruru, { fetcher: createFetcher(settings.endpoint), isHeadersEditorEnabled: true }),
);

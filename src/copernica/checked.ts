import type { CopernicaApi } from './api.js';

/** The same API, with a check before each request: what `check` throws keeps it from being sent. */
export function withCheck(api: CopernicaApi, check: () => void): CopernicaApi {
  const checked = async <T>(call: () => Promise<T>): Promise<T> => {
    check();
    return call();
  };
  return {
    identity: () => checked(() => api.identity()),
    createWebhook: (spec) => checked(() => api.createWebhook(spec)),
    readWebhook: (id) => checked(() => api.readWebhook(id)),
    updateWebhook: (id, spec) => checked(() => api.updateWebhook(id, spec)),
    deleteWebhook: (id) => checked(() => api.deleteWebhook(id)),
    listWebhooks: () => checked(() => api.listWebhooks()),
    databases: () => checked(() => api.databases()),
    collections: (databaseId) => checked(() => api.collections(databaseId)),
    close: () => api.close(),
  };
}

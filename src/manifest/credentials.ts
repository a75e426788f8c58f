/** Shorter values turn up in harmless ones by chance. */
const SHORTEST_SECRET_CHARS = 8;

/** This product's own: the access token, however an installation with several accounts names it, and where notices go. */
const OWN_CREDENTIAL = /^COPERNICA_(ACCESS_.*|WEBHOOKS_NOTIFY(_FILE)?|.*(TOKEN|JWT|SECRET|PASSWORD|KEY)(_.*)?)$/i;

/** What CI systems and clouds put into the environment of a job, by the names their manuals give. */
const WELL_KNOWN_CREDENTIALS: ReadonlySet<string> = new Set([
  'ACTIONS_ID_TOKEN_REQUEST_TOKEN',
  'ACTIONS_RUNTIME_TOKEN',
  'ARM_CLIENT_SECRET',
  'AWS_SECRET_ACCESS_KEY',
  'AWS_SESSION_TOKEN',
  'AZURE_CLIENT_SECRET',
  'CI_DEPLOY_PASSWORD',
  'CI_JOB_JWT',
  'CI_JOB_JWT_V2',
  'CI_JOB_TOKEN',
  'CI_REGISTRY_PASSWORD',
  'DOCKER_AUTH_CONFIG',
  'GH_ENTERPRISE_TOKEN',
  'GH_TOKEN',
  'GITHUB_TOKEN',
  'GITLAB_TOKEN',
  'GOOGLE_CREDENTIALS',
  'NODE_AUTH_TOKEN',
  'NPM_TOKEN',
  'SSH_PRIVATE_KEY',
  'SYSTEM_ACCESSTOKEN',
  'VAULT_TOKEN',
]);

/** Whether a variable of this name holds a credential, whatever its value. Windows tells no upper from lower case. */
export function isCredentialName(name: string): boolean {
  return OWN_CREDENTIAL.test(name) || WELL_KNOWN_CREDENTIALS.has(name.toUpperCase());
}

/** The credentials in an environment, to recognise a copy under another name. Paths to them (`…_FILE`) are none. */
export function credentialValues(env: Readonly<Record<string, string | undefined>>): readonly string[] {
  return Object.entries(env).flatMap(([name, value]) => {
    const secret = value?.trim() ?? '';
    const holds = isCredentialName(name) && !/_FILE$/i.test(name);
    return holds && secret.length >= SHORTEST_SECRET_CHARS ? [secret] : [];
  });
}

// biome-ignore-all lint/suspicious/noTemplateCurlyInString: ${NAME} is the notation of the manifest.
import { TRIGGERS } from '../webhook.js';

/**
 * A manifest to start from: one entry, and everything else that is possible as comments. It is valid, and harmless if
 * it is applied unchanged: Copernica refuses handlers on domains that the account has not validated.
 *
 * `schema`: the JSON Schema's path, relative to the manifest. Null: none was written.
 */
export function starterManifest(schema: string | null): string {
  const modeline =
    schema === null
      ? '# For completion and checks in editors: copernica-webhooks schema > webhooks.schema.json, and this as first line:\n#   yaml-language-server: $schema=./webhooks.schema.json'
      : `# yaml-language-server: $schema=./${schema}\n#\n# The line above gives completion and checks in editors. Update it with: copernica-webhooks schema > ${schema}`;
  return `${modeline}
#
# The webhooks of a Copernica account. Each entry exists exactly once in the account, and stays as it is written here.
# What was made by hand is left alone: \`copernica-webhooks discover\` prints it as entries, \`import\` takes it over.

webhooks:
  # Tells another system about each new profile.
  - name: crm-profile-created # yours to choose, unique in this file: letters, digits . _ -
    handler: https://example.com/copernica/profile-created # the URL that Copernica calls; validate its domain first
    trigger: create # ${TRIGGERS.join(' ')}
    # callers: [ms] # ms (Marketing Suite), publisher; left out, both
    # database: 1017 # only this database, by its id
    # collection: 42 # only this collection of it
    # was: profile-created # to rename an entry: its name until now
    # protect: true # its webhook is never replaced and never deleted

  # Variables whose names begin with WEBHOOKS_ can be used; one that is not set and has no default is an error.
  # - name: unsubscribed
  #   handler: https://\${WEBHOOKS_HOST:-example.com}/copernica/unsubscribed
  #   trigger: unsubscribe

# What is to be deleted, by the names that the entries had:
# removed: [old-bounces]
`;
}

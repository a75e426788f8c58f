import { type Host, wantsColor } from '../host.js';
import { formatList, listJson } from '../output/list.js';
import { loadSettings } from '../settings/load.js';
import { readStateFile } from '../state/open.js';
import { execute, type Invocation } from './command.js';

/** list: what the state holds. Needs no token and no network, and takes no lock. */
export function listCommand(host: Host, invocation: Invocation): Promise<number> {
  return execute(host, invocation, async () => {
    const { settings } = await loadSettings({ ...invocation, environment: host.environment });
    const state = await readStateFile(settings.state);
    return {
      document: listJson(state),
      text: formatList(state, { color: wantsColor(host.stdout, host.environment), file: settings.state }),
      problems: [],
      failures: [],
    };
  });
}

import { notice } from './notice.js';
import { playReplicas, replicaHistories } from './replicas.js';

await notice(replicaHistories, async (history) => (await playReplicas(history)).violations);

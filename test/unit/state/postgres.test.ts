import { connectTo } from '../../../src/state/postgres/connect.js';
import { postgresStore } from '../../../src/state/postgres/store.js';
import { postgresServer } from '../../helpers/postgres.js';
import { describeStore } from './store-suite.js';

describeStore('PostgreSQL', async () => {
  const server = await postgresServer();
  const name = await server.createDatabase();
  const { port, user, password } = server;
  const address = { host: '127.0.0.1', port, user, database: name, name: 'default', sslMode: 'disable' } as const;
  return {
    open: () => {
      const { members } = connectTo({ address, password, applicationName: 'test' }, 15_000);
      return postgresStore({ address, members });
    },
    breakDisk: async () => {
      await server.query(name, 'ALTER TABLE copernica_webhooks.record ADD CONSTRAINT is_full CHECK (false) NOT VALID');
      return () => server.query(name, 'ALTER TABLE copernica_webhooks.record DROP CONSTRAINT is_full');
    },
    takeAway: () => server.query(name, 'UPDATE copernica_webhooks.lease SET epoch = epoch + 1'),
    lossKind: 'refused',
  };
});

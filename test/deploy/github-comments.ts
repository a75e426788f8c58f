import { createServer } from 'node:http';
import { onTestFinished } from 'vitest';
import { listen } from '../helpers/raw-server.js';

interface Comment {
  readonly id: number;
  readonly user: { readonly login: string };
  body: string;
}

export interface Comments {
  /** What a runner knows of where GitHub is. */
  readonly environment: Record<string, string>;
  readonly all: readonly Comment[];
  /** Bodies of those that the workflow wrote. */
  written(): string[];
}

const BOT = { login: 'github-actions[bot]' };
const TOKEN = 'token-of-github';

/**
 * The part of GitHub's API that has the comments of pull request 5 of `o/r`, a page at a time. There are `before`
 * comments of others on it: some begin as the workflow's does, some are another workflow's. Ends with the test.
 */
export async function openComments({ before }: { readonly before: number }): Promise<Comments> {
  const others = Array.from({ length: before }, (_, index): Comment => {
    const isOfBot = index % 2 === 0;
    const body = isOfBot ? 'Coverage: 100 %' : '<!-- copernica-webhooks -->\nnot ours';
    return { id: index + 1, user: isOfBot ? BOT : { login: 'somebody' }, body };
  });
  const all = [...others];

  function answerTo(method: string, url: URL, body: string): Comment | Comment[] | undefined {
    if (method === 'GET' && url.pathname === '/repos/o/r/issues/5/comments') {
      const [size, page] = ['per_page', 'page'].map((name) => Number(url.searchParams.get(name)));
      return all.slice(((page ?? 1) - 1) * (size ?? 30)).slice(0, size ?? 30);
    }
    if (method === 'POST' && url.pathname === '/repos/o/r/issues/5/comments') {
      const comment = { id: all.length + 1, user: BOT, body: (JSON.parse(body) as Comment).body };
      all.push(comment);
      return comment;
    }
    const changed = all.find(({ id }) => url.pathname === `/repos/o/r/issues/comments/${id}`);
    if (method === 'PATCH' && changed !== undefined) changed.body = (JSON.parse(body) as Comment).body;
    return changed;
  }

  const server = createServer(async (request, response) => {
    const chunks: Buffer[] = [];
    for await (const chunk of request) chunks.push(chunk as Buffer);
    const isAllowed = request.headers.authorization === `Bearer ${TOKEN}`;
    const url = new URL(request.url ?? '/', 'http://github.example');
    const answer = isAllowed ? answerTo(request.method ?? '', url, Buffer.concat(chunks).toString('utf8')) : undefined;
    response.statusCode = answer === undefined ? 404 : 200;
    response.end(JSON.stringify(answer ?? { message: 'Not Found' }));
  });
  onTestFinished(() => void server.close());
  const port = await listen(server);
  return {
    environment: {
      GITHUB_API_URL: `http://127.0.0.1:${port}`,
      GITHUB_REPOSITORY: 'o/r',
      GITHUB_TOKEN: TOKEN,
      PULL_REQUEST: '5',
    },
    all,
    written: () => all.slice(before).map(({ body }) => body),
  };
}

/** The page's server over real HTTP: what it serves, and whom it turns away. */
import { request } from 'undici';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { drawLtv } from '../../../sandbox/page/draw-units.ts';
import { toHtml } from '../../../sandbox/page/html.ts';
import { type PageServer, startPage } from '../../../sandbox/page/page-server.ts';
import { type Playground, startPlayground } from '../../../sandbox/page/playground.ts';
import { SEED_IDS } from '../../../sandbox/slack/seed.ts';

describe("the page's server", () => {
  let playground: Playground;
  let server: PageServer;

  beforeAll(async () => {
    playground = await startPlayground();
    server = await startPage(playground);
  });
  afterAll(async () => {
    await server?.close();
    await playground?.close();
  });

  const at = (path: string) => new URL(path, server.url).href;
  const post = (path: string, body: object, headers: Record<string, string> = {}) =>
    request(at(path), {
      method: 'POST',
      headers: { 'content-type': 'application/json', ...headers },
      body: JSON.stringify(body),
    });

  it('listens on loopback and serves the page with its people by team and the commands of the manifest', async () => {
    expect(new URL(server.url).hostname).toBe('127.0.0.1');
    const { statusCode, headers, body } = await request(server.url);
    const page = await body.text();
    expect(statusCode).toBe(200);
    expect(headers['access-control-allow-origin']).toBeUndefined();
    expect(headers['content-security-policy']).toContain("default-src 'self'");
    for (const name of ['Rina', 'Ada', 'Ben', 'Chen', 'Mara', 'Omar', 'Vera', 'Gus'])
      expect(page).toContain(name);
    for (const team of ['Desk', 'Treasury', 'Risk', 'Others'])
      expect(page).toContain(`<optgroup label="${team}">`);
    for (const command of ['/ltv', '/closed-units', '/close-unit', '/loandesk'])
      expect(page).toContain(`data-command="${command}"`);
  });

  it('serves its scripts as JavaScript: no types, no build', async () => {
    const { headers, body } = await request(at('/browser/main.ts'));
    expect(headers['content-type']).toContain('text/javascript');
    const source = await body.text();
    expect(source).not.toContain('interface ');
    expect(source).toContain("from './composer.ts'");
  });

  it('turns away names that are not loopback', async () => {
    const { statusCode } = await request(server.url, { headers: { host: 'evil.example' } });
    expect(statusCode).toBe(403);
    const acted = await post('/world/redis', { down: true }, { host: 'evil.example:80' });
    expect(acted.statusCode).toBe(403);
    expect(playground.redisIsDown).toBe(false);
  });

  it.each(['/world/redis', '/slack/command', '/exchange/repay'])(
    '%s takes JSON only, which no foreign page can send',
    async (path) => {
      const { statusCode } = await post(path, { down: true }, { 'content-type': 'text/plain' });
      expect(statusCode).toBe(415);
    },
  );

  it.each([
    ['/world/redis', { down: 'yes' }, 400],
    ['/world/kill', {}, 400],
    ['/world/nothing', {}, 404],
    ['/exchange/nothing', {}, 404],
    ['/slack/nothing', {}, 404],
    ['/nothing', {}, 404],
    ['/exchange/repay', { groupId: '7' }, 400],
  ] as const)('%s with %o is answered with %i', async (path, body, status) => {
    expect((await post(path, body)).statusCode).toBe(status);
  });

  it('tells a failure as Slack shows it, and a person what is not theirs', async () => {
    const { body } = await post('/slack/command', {
      user: SEED_IDS.gus,
      channel: SEED_IDS.partnerDesk,
      command: '/ltv',
    });
    expect(await body.json()).toEqual({ error: expect.stringContaining('cannot write in partner-desk') });
  });

  it('sends an event when something changed', async () => {
    const { body } = await request(at('/events'));
    const seen = (async () => {
      let text = '';
      for await (const chunk of body) {
        text += String(chunk);
        if (text.includes('event: talk')) return text;
      }
      return text;
    })();
    await post('/slack/say', { user: SEED_IDS.ada, channel: SEED_IDS.general, text: 'hello' });
    expect(await seen).toContain('event: talk');
    const talk = await request(at(`/talk?as=${SEED_IDS.ben}&at=${SEED_IDS.general}`));
    expect(await talk.body.text()).toContain('hello');
  });

  it('draws LTV over time as it was served, gaps as gaps, with the levels in sight', () => {
    const at = (minute: number, ltv: string) => ({ atMs: Date.UTC(2026, 10, 30, 3, minute), ltv });
    const drawn = toHtml(drawLtv('12', [at(0, '0.84'), at(1, '0.86'), at(9, '0.99'), at(10, '999.000')]));
    expect(drawn).toContain('aria-label="LTV of unit 12 as served, 03:00:00 to 03:10:00: 0.84 to 999.000"');
    expect(drawn.match(/[ML][\d.]+ /g)?.map((step) => step[0])).toEqual(['M', 'L', 'M', 'L']);
    expect(drawn.match(/\d+%/g)).toEqual(['85%', '90%']);
    expect(toHtml(drawLtv('12', [at(0, '0.84')]))).toBe('');
  });

  it.each(['units', 'watch', 'faults', 'calls', 'record'])('draws the panel "%s"', async (show) => {
    const { body } = await request(at(`/side?show=${show}`));
    expect(await body.json()).toEqual({ html: expect.stringMatching(/^<(div|p)/) });
  });
});

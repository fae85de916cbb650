/**
 * What the image holds and does, simulated from the Dockerfile (test/support/simulated-image.ts): nothing writable, no
 * `node_modules` in reach, the Dockerfile's own commands. What this cannot show: that the base image and `npm ci`
 * inside it work, and user 1000 where the suite itself runs as root.
 */
import { randomUUID } from 'node:crypto';
import { readdir, readFile } from 'node:fs/promises';
import { createRequire, SourceMap } from 'node:module';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, inject, it, onTestFinished } from 'vitest';
import { z } from 'zod';
import { SEED_IDS } from '../sandbox/slack/seed.ts';
import { startWorld, type World } from '../sandbox/world.ts';
import { LICENCES_FILE } from '../scripts/bundle.ts';
import { imageCommand } from '../scripts/dockerfile.ts';
import { readProductionLicences } from '../scripts/production-licences.ts';
import { playTour, startImageBot } from './support/image-bot.ts';
import { startOtlpReceiver } from './support/otlp-receiver.ts';
import { type SimulatedImage, simulateImage } from './support/simulated-image.ts';

const { rina, loanDesk } = SEED_IDS;
const SDK = new URL('./support/preload-sdk.ts', import.meta.url);

let image: SimulatedImage;
let world: World;

/** Starts the image's own command, in the world. */
async function startBot(of: SimulatedImage, settings: Readonly<Record<string, string>>) {
  return startImageBot(world, (given) => {
    const bot = of.start(imageCommand('CMD'), { ...given, ...settings });
    onTestFinished(() => void bot.kill('SIGKILL'));
    return bot;
  });
}

const textOf = (file: string) => readFile(join(image.folder, 'dist', file), 'utf8');
const filesOf = async (end: string) =>
  (await readdir(join(image.folder, 'dist'))).filter((file) => file.endsWith(end));

/** Every source of which there is something in the files, as their source maps say: `src/…` or `node_modules/…`. */
async function sources(): Promise<string[]> {
  const map = z.object({ sources: z.array(z.string()) });
  const maps = await Promise.all(
    (await filesOf('.js.map')).map(async (file) => map.parse(JSON.parse(await textOf(file)))),
  );
  return [...new Set(maps.flatMap((each) => each.sources))].map((source) => source.replace(/^(\.\.\/)+/, ''));
}

// The Dockerfile's commands are a shell's.
describe.skipIf(process.platform === 'win32')('the image', () => {
  beforeAll(async () => {
    image = await simulateImage();
    world = await startWorld({
      redisUrl: inject('redisUrl'),
      replicas: 0,
      workspace: { transport: 'http' },
      settings: { REDIS_MAY_FORGET: 'true', REDIS_PREFIX: `test-${randomUUID()}` },
    });
  }, 60_000);
  afterAll(async () => {
    await world?.close();
    await image?.remove();
  });

  it('plays the whole way of a close, from what is in it alone', async () => {
    expect(() => createRequire(join(image.folder, 'dist/main.js')).resolve('undici')).toThrow('Cannot find');
    const bot = await startBot(image, { NODE_DEBUG_NATIVE: 'COMPILE_CACHE' });
    for (const path of ['/livez', '/metrics']) expect((await fetch(bot.url + path)).status).toBe(200);
    const isHealthy = async () => (await image.run(imageCommand('HEALTHCHECK'), { PORT: bot.port })).status;
    expect(await isHealthy()).toBe(0);
    await playTour(world);

    const { status, err } = await bot.stop();
    expect(status).toBe(0);
    // Compiled when the image was built.
    expect(err).toMatch(/\/dist\/app\.js was accepted/);
    // And unhealthy when it is gone.
    expect(await isHealthy()).toBe(1);

    const audit = await image.run(['node', 'dist/audit.js', 'verify'], world.settings());
    expect(audit.out).toMatch(
      /^\d+ entries of 1 request read, head [0-9a-f]{64}\nAudit trail verified, no gaps/,
    );
    expect(audit).toMatchObject({ status: 0, err: '' });
  }, 60_000);

  it('has the doctor in it', async () => {
    const doctor = await image.run(['node', 'dist/doctor.js'], world.settings());
    expect(doctor.out).toMatch(/^ok +Redis /m);
    expect(doctor.out).toMatch(/Fit to start\.\n$/);
    expect(doctor).toMatchObject({ status: 0, err: '' });
  });

  it('sends traces through an SDK that is preloaded, whose copy of the API is another', async () => {
    const collector = await startOtlpReceiver();
    onTestFinished(() => collector.close());
    const bot = await startBot(image, {
      OTEL_EXPORTER_OTLP_ENDPOINT: collector.url,
      NODE_OPTIONS: `--import=${SDK}`,
    });
    await world.workspace.as(rina).command('/ltv', '', { channelId: loanDesk });
    const { status, out } = await bot.stop();
    expect(status).toBe(0);
    expect(out).not.toContain('no OpenTelemetry SDK');
    expect(collector.spans.map(({ name }) => name)).toEqual(
      expect.arrayContaining(['interaction /ltv', 'desk viewUnits']),
    );
  }, 30_000);

  it('holds the bot and production packages: no sandbox, no test, no development tool', async () => {
    const all = await sources();
    expect(all).toEqual(expect.arrayContaining(['src/main.ts', 'src/audit.ts', 'src/doctor.ts']));
    // Libraries are in files that say so.
    expect(await filesOf('.js')).toEqual(expect.arrayContaining(['main.js', 'app.js', 'vendor.js']));
    const production = readProductionLicences(new URL('../', import.meta.url));
    const foreign = all.filter(
      (source) =>
        !source.startsWith('src/') && !production.some(({ folder }) => source.startsWith(`${folder}/`)),
    );
    expect(foreign).toEqual([]);
    expect(all.filter((source) => source.startsWith('sandbox'))).toEqual([]);
    expect((await readdir(image.folder)).sort()).toEqual(
      ['.compile-cache', 'LICENSE', 'dist', 'package.json'].sort(),
    );
  });

  it('names every package that is in it, with the text of its licence', async () => {
    const text = await textOf(LICENCES_FILE);
    const production = readProductionLicences(new URL('../', import.meta.url));
    const found = await sources();
    const bundled = production.filter(({ folder }) =>
      found.some((source) => source.startsWith(`${folder}/`)),
    );
    expect(bundled.map(({ name }) => name)).toEqual(expect.arrayContaining(['@slack/bolt', 'undici', 'zod']));
    for (const { folder, name, version, licence } of bundled) {
      expect(text).toContain(`${name} ${version}, ${licence}\n`);
      const [file] = (await readdir(folder)).filter((each) => /^licen[cs]e/i.test(each));
      const path = file === undefined ? `scripts/licences/${name}.txt` : join(folder, file);
      expect(text).toContain((await readFile(path, 'utf8')).trim());
    }
    expect(text).toContain('formdata-polyfill. MIT License. Jimmy W\u00e4rting');
  });

  it('is ASCII, which V8 keeps at one byte a character, and lost no character by it', async () => {
    for (const file of await filesOf('.js')) expect(await textOf(file)).toMatch(/^\p{ASCII}*$/u);
    expect((await Promise.all((await filesOf('.js')).map(textOf))).join('')).toContain(
      'The answer follows here\\u2026',
    );
  });

  it('keeps names, and knows the line in the sources that each place comes from', async () => {
    const [file = ''] = (
      await Promise.all(
        (
          await filesOf('.js')
        ).map(async (each) => ((await textOf(each)).includes('function decide(') ? [each] : [])),
      )
    ).flat();
    const before = (await textOf(file)).split('function decide(')[0]?.split('\n') ?? [];
    const map = new SourceMap(JSON.parse(await textOf(`${file}.map`)));
    const place = map.findEntry(before.length - 1, before.at(-1)?.length ?? 0);
    expect(place).toMatchObject({
      originalSource: expect.stringMatching(/src\/domain\/close\/close-rule\.ts$/),
    });
  });
});

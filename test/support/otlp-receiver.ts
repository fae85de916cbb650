/** A collector on this machine: takes OTLP/HTTP in protobuf as the exporter sends it, and gives the spans. */
import { createServer, type IncomingHttpHeaders } from 'node:http';
import type { AddressInfo } from 'node:net';
import { gunzipSync } from 'node:zlib';
import { ProtobufMessage } from './protobuf.ts';

export interface ReceivedSpan {
  readonly traceId: string;
  readonly spanId: string;
  /** '' for a root. */
  readonly parentId: string;
  readonly name: string;
  readonly startNs: bigint;
  readonly endNs: bigint;
  readonly failed: boolean;
  readonly attributes: Readonly<Record<string, string | number>>;
  readonly resource: Readonly<Record<string, string | number>>;
}

export interface OtlpReceiver {
  readonly url: string;
  readonly spans: ReceivedSpan[];
  /** Every byte that arrived, unpacked. */
  readonly bodies: Buffer[];
  readonly requests: { readonly path: string; readonly headers: IncomingHttpHeaders }[];
  /** What is answered from now on; null: nothing at all. */
  answerWith(status: number | null): void;
  /** Resolves with what `look` finds, as soon as it finds something. */
  until<Found>(look: (spans: readonly ReceivedSpan[]) => Found | undefined): Promise<Found>;
  close(): Promise<void>;
}

export async function startOtlpReceiver(): Promise<OtlpReceiver> {
  const spans: ReceivedSpan[] = [];
  const bodies: Buffer[] = [];
  const requests: OtlpReceiver['requests'] = [];
  const looks = new Set<() => void>();
  let status: number | null = 200;
  const server = createServer((request, response) => {
    const chunks: Buffer[] = [];
    request.on('data', (chunk: Buffer) => chunks.push(chunk));
    request.on('end', () => {
      const sent = Buffer.concat(chunks);
      const body = request.headers['content-encoding'] === 'gzip' ? gunzipSync(sent) : sent;
      requests.push({ path: request.url ?? '', headers: request.headers });
      if (status === null) return;
      if (status === 200) {
        bodies.push(body);
        spans.push(...spansOf(body));
      }
      response.writeHead(status, { 'content-type': 'application/x-protobuf' }).end();
      for (const look of looks) look();
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  return {
    url: `http://127.0.0.1:${port}`,
    spans,
    bodies,
    requests,
    answerWith(answer) {
      status = answer;
    },
    until: (look) =>
      new Promise((resolve) => {
        const tryAgain = () => {
          const found = look(spans);
          if (found === undefined) return;
          looks.delete(tryAgain);
          resolve(found);
        };
        looks.add(tryAgain);
        tryAgain();
      }),
    close: () =>
      new Promise<void>((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}

/** ExportTraceServiceRequest: resource spans (1) of a resource (1) and scope spans (2), which hold the spans (2). */
function spansOf(body: Buffer): ReceivedSpan[] {
  return new ProtobufMessage(body).all(1).flatMap((ofResource) => {
    const resource = attributesOf(ofResource.message(1), 1);
    return ofResource.all(2).flatMap((scope) => scope.all(2).map((span) => spanOf(span, resource)));
  });
}

const STATUS_ERROR = 2n;

function spanOf(span: ProtobufMessage, resource: ReceivedSpan['resource']): ReceivedSpan {
  return {
    traceId: span.bytes(1).toString('hex'),
    spanId: span.bytes(2).toString('hex'),
    parentId: span.bytes(4).toString('hex'),
    name: span.text(5),
    startNs: span.integer(7),
    endNs: span.integer(8),
    attributes: attributesOf(span, 9),
    failed: span.message(15).integer(3) === STATUS_ERROR,
    resource,
  };
}

/** Key (1) and value (2), which is a text (1), a whole number (3) or a double (4). */
function attributesOf(message: ProtobufMessage, number: number): Record<string, string | number> {
  return Object.fromEntries(
    message.all(number).map((pair) => {
      const value = pair.message(2);
      if (value.has(3)) return [pair.text(1), Number(BigInt.asIntN(64, value.integer(3)))];
      if (value.has(4)) throw new TypeError(`${pair.text(1)} is a double`);
      return [pair.text(1), value.text(1)];
    }),
  );
}

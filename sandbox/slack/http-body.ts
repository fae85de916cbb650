import type { IncomingMessage, ServerResponse } from 'node:http';
import { isObject, type JsonObject, parseJson } from './json.ts';

const MAX_BYTES = 4 * 1024 * 1024;

/** The whole body of a request, at most 4 MiB. */
export async function readBody(request: IncomingMessage): Promise<Buffer> {
  const chunks: Buffer[] = [];
  let size = 0;
  for await (const chunk of request) {
    if (!Buffer.isBuffer(chunk)) continue;
    size += chunk.length;
    if (size > MAX_BYTES) throw new Error('Request body too large');
    chunks.push(chunk);
  }
  return Buffer.concat(chunks);
}

/** The arguments of a Web API call: form fields as texts, a JSON body as it is. */
export function readArguments(body: Buffer, contentType: string): JsonObject {
  const text = body.toString('utf8');
  if (contentType.startsWith('application/json')) {
    const parsed = parseJson(text);
    return isObject(parsed) ? parsed : {};
  }
  return Object.fromEntries(new URLSearchParams(text));
}

/** The uploaded bytes: the first file of a multipart form, or the raw body. */
export async function readUpload(body: Buffer, contentType: string): Promise<Buffer> {
  if (!contentType.startsWith('multipart/form-data')) return body;
  const form = await new Response(new Uint8Array(body), {
    headers: { 'content-type': contentType },
  }).formData();
  for (const value of form.values()) {
    if (typeof value !== 'string') return Buffer.from(await value.arrayBuffer());
  }
  return Buffer.alloc(0);
}

export function sendJson(
  response: ServerResponse,
  status: number,
  body: unknown,
  headers: Readonly<Record<string, string>> = {},
): void {
  if (response.destroyed || response.headersSent) return;
  response.writeHead(status, { 'content-type': 'application/json; charset=utf-8', ...headers });
  response.end(JSON.stringify(body));
}

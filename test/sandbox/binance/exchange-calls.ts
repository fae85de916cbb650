/** Signed calls as the tests make them: node:crypto and undici alone, nothing of the client under src/binance. */
import { createHmac } from 'node:crypto';
import { type Dispatcher, request } from 'undici';
import type { Exchange } from '../../../sandbox/binance/exchange.ts';

export interface Answered {
  readonly status: number;
  readonly headers: Dispatcher.ResponseData['headers'];
  readonly text: string;
}

export interface CallOptions {
  readonly method?: 'GET' | 'DELETE';
  /** Name of the account whose HMAC key signs. */
  readonly as?: string;
  readonly timestampMs?: number;
  readonly recvWindow?: string;
}

export const DETAILS = '/sapi/v1/margin/loan-group/ltv-details';
export const CLOSED = '/sapi/v1/margin/loan-groups/closed';
export const CLOSE = '/sapi/v1/margin/loan-group';

export function hmac(secret: string, payload: string): string {
  return createHmac('sha256', secret).update(payload).digest('hex');
}

/** Sends exactly this path and query. */
export async function send(
  exchange: Exchange,
  pathAndQuery: string,
  {
    method = 'GET',
    apiKey,
    body,
  }: { method?: 'GET' | 'DELETE' | 'POST'; apiKey?: string; body?: string } = {},
): Promise<Answered> {
  const headers: Record<string, string> = {};
  if (apiKey !== undefined) headers['X-MBX-APIKEY'] = apiKey;
  if (body !== undefined) headers['Content-Type'] = 'application/x-www-form-urlencoded';
  const response = await request(exchange.url + pathAndQuery, { method, headers, body: body ?? null });
  return { status: response.statusCode, headers: response.headers, text: await response.body.text() };
}

/** A properly signed call; `params` is the raw query before timestamp and signature. */
export async function call(
  exchange: Exchange,
  path: string,
  params: string,
  { method = 'GET', as = 'fund-a', timestampMs, recvWindow }: CallOptions = {},
): Promise<Answered> {
  const { apiKey, secret } = exchange.credentials(as);
  const parts = [
    params,
    recvWindow === undefined ? '' : `recvWindow=${recvWindow}`,
    `timestamp=${timestampMs ?? exchange.serverTimeMs()}`,
  ];
  const payload = parts.filter((part) => part !== '').join('&');
  return send(exchange, `${path}?${payload}&signature=${hmac(secret, payload)}`, { method, apiKey });
}

export function closeUnit(exchange: Exchange, groupId: string, as: string): Promise<Answered> {
  return call(exchange, CLOSE, `groupId=${groupId}`, { method: 'DELETE', as });
}

/** The refusal in an answer: status and code. */
export function refusal({ status, text }: Answered): { status: number; code: unknown; msg: unknown } {
  const { code, msg }: { code?: unknown; msg?: unknown } = JSON.parse(text);
  return { status, code, msg };
}

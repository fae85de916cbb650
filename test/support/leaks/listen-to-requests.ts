/** Keys and signatures as they arrive at any server in this process, whoever sent them: nothing may say them again. */
import diagnostics from 'node:diagnostics_channel';
import { IncomingMessage } from 'node:http';
import { registerSecret } from './known-secrets.ts';

export function listenToRequests(): void {
  diagnostics.subscribe('http.server.request.start', (happened) => {
    if (typeof happened !== 'object' || happened === null || !('request' in happened)) return;
    const { request } = happened;
    if (!(request instanceof IncomingMessage)) return;
    registerSecret('API key', String(request.headers['x-mbx-apikey'] ?? ''));
    registerSecret('signature', /[?&]signature=([^&]+)/.exec(request.url ?? '')?.[1]);
  });
}

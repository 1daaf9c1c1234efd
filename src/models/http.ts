// One HTTP GET as a stream: redirects followed, proxies of the environment used, stalls ended.
// Written on node:http because a download must see raw lengths, ranges and every chunk's time. No cookies, no
// credentials, no compression: the bytes are the file.
import { type ClientRequest, type IncomingMessage, request as requestHttp } from 'node:http';
import { request as requestHttps } from 'node:https';
import type { Socket } from 'node:net';
import { connect as connectTls } from 'node:tls';

export interface GetOptions {
  readonly headers: Readonly<Record<string, string>>;
  /** A connection that brings no byte for so long is ended. */
  readonly stallMs: number;
  /** Read a few times a second; true ends the request with an error. */
  readonly isCancelled: () => boolean;
  readonly env: NodeJS.ProcessEnv;
}

/** Thrown when `isCancelled` said so. */
export class CancelledError extends Error {}

const MAX_REDIRECTS = 5;
const CANCEL_CHECK_MS = 100;

/**
 * The response whose status is not a redirect; its body is read by async iteration and fails on a stall.
 * @throws Error with a plain reason; CancelledError
 */
export async function openUrl(url: string, options: GetOptions): Promise<IncomingMessage> {
  let target = new URL(url);
  for (let hop = 0; hop <= MAX_REDIRECTS; hop++) {
    const response = await send(target, options);
    const status = response.statusCode ?? 0;
    if (![301, 302, 303, 307, 308].includes(status)) return response;
    response.destroy();
    const location = response.headers.location;
    if (location === undefined) throw new Error(`HTTP ${status} without a location`);
    const next = new URL(location, target);
    if (next.protocol !== 'https:' && next.protocol !== target.protocol) {
      throw new Error(`refused a redirect from ${target.protocol}// to ${next.protocol}//`);
    }
    target = next;
  }
  throw new Error(`more than ${MAX_REDIRECTS} redirects`);
}

/** Sends the request and guards it, body included, against stalls and for cancelling. */
async function send(target: URL, options: GetOptions): Promise<IncomingMessage> {
  const request = await createRequest(target, options);
  return new Promise((resolve, reject) => {
    let incoming: IncomingMessage | undefined;
    let bytesRead = 0;
    let lastByteMs = performance.now();
    const end = (reason: Error) => {
      incoming?.destroy(reason);
      request.destroy(reason);
    };
    const guard = setInterval(() => {
      const now = performance.now();
      const bytesReadNow = request.socket?.bytesRead ?? 0;
      if (bytesReadNow !== bytesRead) lastByteMs = now;
      bytesRead = bytesReadNow;
      if (options.isCancelled()) end(new CancelledError('cancelled'));
      else if (now - lastByteMs > options.stallMs) {
        end(new Error(`no byte came for ${Math.round(options.stallMs / 100) / 10} s`));
      }
    }, CANCEL_CHECK_MS);
    request.on('error', reject);
    request.on('close', () => clearInterval(guard));
    request.on('response', (response) => {
      incoming = response;
      resolve(response);
    });
    request.end();
  });
}

async function createRequest(target: URL, options: GetOptions): Promise<ClientRequest> {
  const isSecure = target.protocol === 'https:';
  if (!isSecure && target.protocol !== 'http:')
    throw new Error(`cannot fetch ${target.protocol}// addresses`);
  const headers = { 'user-agent': 'forge', 'accept-encoding': 'identity', ...options.headers };
  const proxy = proxyFor(target, options.env);
  if (proxy === undefined) return (isSecure ? requestHttps : requestHttp)(target, { headers, agent: false });
  if (isSecure) {
    const socket = await openTunnel(target, proxy, options);
    const createConnection = () => connectTls({ socket, servername: target.hostname });
    return requestHttps(target, { headers, agent: false, createConnection });
  }
  return requestHttp({
    host: proxy.hostname,
    port: proxy.port || 80,
    path: target.href,
    headers: { ...headers, host: target.host, ...proxyAuthorization(proxy) },
    agent: false,
  });
}

function openTunnel(target: URL, proxy: URL, options: GetOptions): Promise<Socket> {
  const authority = `${target.hostname}:${target.port || 443}`;
  return new Promise((resolve, reject) => {
    const request = requestHttp({
      method: 'CONNECT',
      host: proxy.hostname,
      port: proxy.port || 80,
      path: authority,
      headers: { host: authority, ...proxyAuthorization(proxy) },
      timeout: options.stallMs,
      agent: false,
    });
    request.on('connect', (response, socket) => {
      if (response.statusCode === 200) resolve(socket as Socket);
      else {
        socket.destroy();
        reject(new Error(`the proxy ${proxy.host} answered HTTP ${response.statusCode}`));
      }
    });
    request.on('timeout', () => request.destroy(new Error(`the proxy ${proxy.host} does not answer`)));
    request.on('error', reject);
    request.end();
  });
}

/** The proxy that the environment names for an address (https_proxy, http_proxy, all_proxy, no_proxy). */
export function proxyFor(target: URL, env: NodeJS.ProcessEnv): URL | undefined {
  const read = (name: string) => env[name] || env[name.toUpperCase()];
  const exempt = (read('no_proxy') ?? '').split(/[\s,]+/).filter((entry) => entry !== '');
  const isExempt = exempt.some((entry) => {
    const domain = entry.replace(/^\*?\./, '').replace(/:\d+$/, '');
    return entry === '*' || target.hostname === domain || target.hostname.endsWith(`.${domain}`);
  });
  if (isExempt) return undefined;
  const proxy = read(target.protocol === 'https:' ? 'https_proxy' : 'http_proxy') ?? read('all_proxy');
  if (proxy === undefined) return undefined;
  const url = new URL(proxy.includes('://') ? proxy : `http://${proxy}`);
  if (url.protocol !== 'http:')
    throw new Error(`expected an http:// proxy, got ${url.protocol}//${url.host}`);
  return url;
}

function proxyAuthorization(proxy: URL): Record<string, string> {
  if (proxy.username === '') return {};
  const pair = `${decodeURIComponent(proxy.username)}:${decodeURIComponent(proxy.password)}`;
  return { 'proxy-authorization': `Basic ${Buffer.from(pair).toString('base64')}` };
}

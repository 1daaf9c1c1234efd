// Downloads against a local server that does everything a server should not: each fault must end in the right bytes
// or in a clear error, never in a wrong file under its final name.
import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import { type AddressInfo, connect } from 'node:net';
import { join } from 'node:path';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { findCard } from '../../src/models/card.js';
import { proxyFor } from '../../src/models/http.js';
import { type PullOptions, type PullProgress, pullModel } from '../../src/models/pull.js';
import { installedModel } from '../../src/models/store.js';
import { type FakeModel, fakeModel } from './fake-model.js';

let server: Server;
let origin: string;
/** Requests that arrived: path and Range. */
let requests: { path: string; range: string | undefined }[] = [];
let serve: (request: IncomingMessage, response: ServerResponse, body: Buffer) => void;
let model: FakeModel;

beforeAll(async () => {
  server = createServer((request, response) => {
    requests.push({ path: request.url!, range: request.headers.range });
    serve(request, response, model.bytes(request.url!.split('/').at(-1)!));
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  origin = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
});
afterAll(() => server.close());
beforeEach(() => {
  requests = [];
  serve = serveWell;
  model = modelAt('/one');
});

const modelAt = (...prefixes: string[]) =>
  fakeModel({ urls: (name) => prefixes.map((prefix) => `${origin}${prefix}/${name}`) });
const pull = (options: PullOptions = {}) =>
  pullModel(findCard(model.id, model.env), { stallMs: 400, retryDelayMs: 5, env: model.env, ...options });
const leftovers = () => readdirSync(model.folder).filter((name) => /part|lock/.test(name));

/** Ranges, ETags and If-Range as they should be. */
function serveWell(request: IncomingMessage, response: ServerResponse, body: Buffer): void {
  const start = Number(/bytes=(\d+)-/.exec(request.headers.range ?? '')?.[1] ?? 0);
  const condition = request.headers['if-range'];
  response.setHeader('etag', '"v1"');
  if (start > 0 && (condition === undefined || condition === '"v1"')) {
    response.writeHead(206, {
      'content-range': `bytes ${start}-${body.length - 1}/${body.length}`,
      'content-length': body.length - start,
    });
    response.end(body.subarray(start));
  } else {
    response.writeHead(200, { 'content-length': body.length });
    response.end(body);
  }
}

function expectWhole(): void {
  for (const name of ['a.onnx', 'b.onnx']) {
    expect(readFileSync(join(model.folder, name)).equals(model.bytes(name))).toBe(true);
  }
  expect(installedModel(model.id, model.env)).not.toBeNull();
  expect(leftovers()).toEqual([]);
}

describe('pullModel', () => {
  it('fetches the default files, tells its progress, and does nothing the second time', async () => {
    const progress: PullProgress[] = [];
    expect(await pull({ onProgress: (step) => progress.push(step) })).toHaveLength(2);
    expectWhole();
    expect(progress.at(-1)).toEqual({
      file: 'b.onnx',
      fileIndex: 1,
      fileCount: 2,
      bytesDone: 68536,
      bytesTotal: 68536,
      url: `${origin}/one/b.onnx`,
    });
    expect(existsSync(join(model.folder, 'big.onnx'))).toBe(false);
    const count = requests.length;
    await pull();
    expect(requests.length).toBe(count);
  });

  it('fetches a variant that was named', async () => {
    await pull({ variant: 'big' });
    expect(installedModel(model.id, model.env)?.variant).toBe('big');
    await expect(pull({ variant: 'huge' })).rejects.toMatchObject({ code: 'model/unknown' });
  });

  it('replaces a file that is not the pinned one', async () => {
    writeFileSync(join(model.folder, 'b.onnx'), Buffer.alloc(3000));
    await pull();
    expectWhole();
  });

  it('follows redirects, and not for ever', async () => {
    serve = (request, response, body) => {
      if (request.url!.startsWith('/one')) {
        response.writeHead(302, { location: request.url!.replace('/one', '/moved') }).end();
      } else serveWell(request, response, body);
    };
    await pull();
    expectWhole();
    model = modelAt('/loop');
    serve = (request, response) => response.writeHead(302, { location: request.url! }).end();
    await expect(pull()).rejects.toMatchObject({
      code: 'model/download-failed',
      message: expect.stringContaining('more than 5 redirects'),
    });
  });

  it('refuses a redirect to another protocol', async () => {
    serve = (_, response) => response.writeHead(302, { location: 'file:///etc/passwd' }).end();
    await expect(pull()).rejects.toMatchObject({ message: expect.stringContaining('refused a redirect') });
  });
});

describe('a server at fault', () => {
  it.each<[string, typeof serveWell, string]>([
    ['404', (_, response) => response.writeHead(404).end('gone'), 'HTTP 404'],
    ['500', (_, response) => response.writeHead(500).end(), 'HTTP 500'],
    [
      'other bytes of the same length',
      (_, response, body) => response.end(Buffer.from(body).fill(1, 10, 20)),
      'other bytes than the pinned sha256',
    ],
    [
      'a shorter announced length',
      (_, response, body) => response.end(body.subarray(100)),
      'announces 65436 bytes',
    ],
    [
      'a longer announced length',
      (_, response, body) => {
        response.writeHead(200, { 'content-length': body.length + 5 });
        response.end(Buffer.concat([body, Buffer.alloc(5)]));
      },
      'announces 65541 bytes, expected 65536',
    ],
    [
      'more bytes than the file has, without a length',
      (_, response, body) => {
        response.write(body);
        response.write(body);
        response.end();
      },
      'gave more than the 65536 bytes',
    ],
    [
      'an end too early, every time',
      (_, response, body) => {
        response.writeHead(200); // chunked: no length is announced
        response.end(body.subarray(0, 1000));
      },
      'ended at 1000 of 65536 bytes',
    ],
    ['silence', () => undefined, 'no byte came for 0.4 s'],
    [
      'silence in the middle',
      (_, response, body) => {
        response.writeHead(200, { 'content-length': body.length });
        response.write(body.subarray(0, 500));
      },
      'no byte came for 0.4 s',
    ],
    ['a closed connection', (request) => request.socket.destroy(), 'socket hang up'],
    [
      'a range from another place',
      (request, response, body) => {
        if (request.headers.range === undefined) {
          response.writeHead(200, { 'content-length': body.length });
          response.write(body.subarray(0, 500), () => request.socket.destroy());
        } else
          response.writeHead(206, { 'content-range': `bytes 0-9/${body.length}` }).end(body.subarray(0, 10));
      },
      'not from 500 on',
    ],
  ])('%s: the error says so, and the next mirror serves', async (_name, fault, reason) => {
    serve = (request, response, body) => {
      if (request.url!.startsWith('/one')) fault(request, response, body);
      else serveWell(request, response, body);
    };
    await expect(pull()).rejects.toMatchObject({
      code: 'model/download-failed',
      message: expect.stringContaining(reason),
      hint: expect.stringContaining('forge models import'),
    });
    expect(existsSync(join(model.folder, 'a.onnx'))).toBe(false);

    model = modelAt('/one', '/two');
    await pull();
    expectWhole();
  });

  it('is asked again after a fault that may pass', async () => {
    let count = 0;
    serve = (request, response, body) => {
      if (count++ < 2) response.writeHead(503).end();
      else serveWell(request, response, body);
    };
    await pull();
    expectWhole();
  });

  it('names every mirror with its own reason', async () => {
    model = modelAt('/one', '/two');
    serve = (request, response) => response.writeHead(request.url!.startsWith('/one') ? 403 : 410).end();
    await expect(pull()).rejects.toMatchObject({
      message: expect.stringMatching(/one\/a\.onnx: HTTP 403\n.*two\/a\.onnx: HTTP 410/),
    });
  });
});

describe('a broken download', () => {
  /** Gives 1,000 bytes and cuts the line, the first time. */
  function cutFirst(then: typeof serveWell): typeof serveWell {
    let isFirst = true;
    return (request, response, body) => {
      if (!isFirst) return then(request, response, body);
      isFirst = false;
      response.writeHead(200, { 'content-length': body.length, etag: '"v1"' });
      response.write(body.subarray(0, 1000), () => setTimeout(() => request.socket.destroy(), 20));
    };
  }

  it('goes on where it stopped', async () => {
    serve = cutFirst(serveWell);
    await pull();
    expectWhole();
    expect(requests[1]).toEqual({ path: '/one/a.onnx', range: 'bytes=1000-' });
  });

  it('goes on in a later pull, and with another mirror', async () => {
    serve = (request, response, body) => {
      if (request.headers.range !== undefined) return void response.writeHead(404).end();
      response.writeHead(200, { 'content-length': body.length });
      response.write(body.subarray(0, 1000), () => setTimeout(() => request.socket.destroy(), 20));
    };
    await expect(pull()).rejects.toMatchObject({ code: 'model/download-failed' });
    expect(readdirSync(model.folder)).toContain('a.onnx.part');
    serve = serveWell;
    requests = [];
    await pull();
    expectWhole();
    expect(requests[0]!.range).toBe('bytes=1000-');
  });

  it('starts again where the server knows no ranges', async () => {
    serve = cutFirst((_, response, body) => response.end(body));
    await pull();
    expectWhole();
  });

  it('starts again where the file changed on the server, by If-Range', async () => {
    serve = cutFirst((request, response, body) => {
      expect(request.headers['if-range'] ?? '"v1"').toBe('"v1"');
      response.setHeader('etag', '"v2"');
      response.writeHead(200, { 'content-length': body.length }).end(body);
    });
    await pull();
    expectWhole();
  });

  it('starts again where the bytes that were kept are wrong', async () => {
    mkdirSync(model.folder, { recursive: true });
    writeFileSync(join(model.folder, 'a.onnx.part'), Buffer.alloc(2000, 9));
    await pull();
    expectWhole();
    expect(requests.slice(0, 2).map((request) => request.range)).toEqual(['bytes=2000-', undefined]);
  });

  it('drops a kept part that is too long', async () => {
    writeFileSync(join(model.folder, 'a.onnx.part'), Buffer.alloc(70_000));
    await pull();
    expectWhole();
  });
});

describe('around the download', () => {
  it('asks for the licence first', async () => {
    const card = { ...findCard(model.id, model.env), mustAcceptLicence: true };
    await expect(pullModel(card, { env: model.env })).rejects.toMatchObject({
      code: 'model/licence-unconfirmed',
    });
    expect(requests).toEqual([]);
    await pullModel(card, { env: model.env, acceptLicence: true });
    expectWhole();
  });

  it('stops within a second when cancelled, keeps what arrived, and goes on later', async () => {
    serve = (_, response, body) => {
      response.writeHead(200, { 'content-length': body.length });
      response.write(body.subarray(0, 4000));
    };
    let isCancelled = false;
    setTimeout(() => {
      isCancelled = true;
    }, 150);
    const startedMs = performance.now();
    await expect(pull({ stallMs: 60_000, isCancelled: () => isCancelled })).rejects.toMatchObject({
      code: 'interrupted/by-user',
    });
    expect(performance.now() - startedMs).toBeLessThan(1000);
    serve = serveWell;
    requests = [];
    await pull();
    expectWhole();
    expect(requests[0]!.range).toBe('bytes=4000-');
  });

  it('lets several pulls of one model run at once', async () => {
    serve = (request, response, body) => void setTimeout(() => serveWell(request, response, body), 30);
    await Promise.all([pull(), pull(), pull()]);
    expectWhole();
  });

  it('takes over the lock of a process that is gone', async () => {
    writeFileSync(join(model.folder, 'a.onnx.lock'), '999999999');
    writeFileSync(join(model.folder, 'a.onnx.part'), model.bytes('a.onnx').subarray(0, 3000));
    await pull();
    expectWhole();
    expect(requests[0]!.range).toBe('bytes=3000-');
  });

  it('says that a folder cannot be made', async () => {
    const card = findCard(model.id, model.env);
    await expect(pullModel(card, { env: { FORGE_MODELS_DIR: '/dev/null/models' } })).rejects.toMatchObject({
      code: 'output/unwritable',
    });
  });

  it('says that a model has no address', async () => {
    model = fakeModel();
    await expect(pull()).rejects.toMatchObject({
      code: 'model/not-installed',
      hint: expect.stringContaining('forge models import'),
    });
  });
});

describe('proxies of the environment', () => {
  it('are chosen by protocol and by no_proxy', () => {
    const env = {
      https_proxy: 'http://p:3128',
      HTTP_PROXY: 'q:8080',
      no_proxy: 'localhost, .inside.example',
    };
    expect(proxyFor(new URL('https://a.example/x'), env)?.host).toBe('p:3128');
    expect(proxyFor(new URL('http://a.example/x'), env)?.host).toBe('q:8080');
    expect(proxyFor(new URL('http://localhost/x'), env)).toBeUndefined();
    expect(proxyFor(new URL('http://deep.inside.example/x'), env)).toBeUndefined();
    expect(proxyFor(new URL('http://a.example/x'), {})).toBeUndefined();
    expect(() => proxyFor(new URL('http://a.example/x'), { http_proxy: 'socks5://p' })).toThrow(/socks5/);
  });

  it('carry plain requests and open tunnels', async () => {
    const seen: string[] = [];
    const proxy = createServer((request, response) => {
      seen.push(`${request.method} ${request.url}`);
      serveWell(request, response, model.bytes(request.url!.split('/').at(-1)!));
    });
    proxy.on('connect', (request, socket) => {
      seen.push(`CONNECT ${request.url}`);
      // The other end is no TLS server, so that the download fails behind a tunnel that opened.
      const target = connect(Number(new URL(origin).port), '127.0.0.1', () => {
        socket.write('HTTP/1.1 200 OK\r\n\r\n');
        target.pipe(socket);
        socket.pipe(target);
      });
      target.on('error', () => socket.destroy());
      socket.on('error', () => target.destroy());
    });
    await new Promise<void>((resolve) => proxy.listen(0, '127.0.0.1', resolve));
    const address = `http://127.0.0.1:${(proxy.address() as AddressInfo).port}`;
    try {
      model = fakeModel({
        urls: (name) => [`https://models.example/${name}`, `http://models.example/${name}`],
      });
      await pull({ env: { ...model.env, http_proxy: address, https_proxy: address } });
      expectWhole();
      expect(seen).toContain('CONNECT models.example:443');
      expect(seen).toContain('GET http://models.example/a.onnx');
    } finally {
      proxy.close();
    }
  });
});

// Servers with certificates, and HTTP/2 with and without them, called by clients that trust that certificate only.
import { once } from 'node:events';
import http2 from 'node:http2';
import https from 'node:https';
import { text } from 'node:stream/consumers';
import { generate } from 'selfsigned';
import { startProgram } from '../support/compat.ts';
import { PLACEMENTS } from '../support/placements.ts';
import type { TestProject } from '../support/project.ts';

let certificate: { readonly private: string; readonly cert: string };

beforeAll(async () => {
  certificate = await generate([{ name: 'commonName', value: 'localhost' }], {
    extensions: [{ name: 'subjectAltName', altNames: [{ type: 7, ip: '127.0.0.1' }] }],
  });
});

function writeCertificate(folder: string): (project: TestProject) => void {
  return ({ write }) =>
    write({
      [`programs/${folder}/private-key.pem`]: certificate.private,
      [`programs/${folder}/certificate.pem`]: certificate.cert,
    });
}

async function getOverHttp2(origin: string, path: string): Promise<string> {
  const session = http2.connect(origin, { ca: certificate.cert });
  try {
    return await text(session.request({ ':path': path }));
  } finally {
    session.close();
    await once(session, 'close');
  }
}

describe.each(PLACEMENTS)('in placement %s', (placement) => {
  test('https is told as https and answers who trusts its certificate', async () => {
    await using run = await startProgram('https', placement, writeCertificate('https'));
    expect(run.url).toBe(`https://127.0.0.1:${run.row.port}`);
    const request = https.get(run.url, { ca: certificate.cert });
    const [response] = await once(request, 'response');
    expect(await text(response)).toBe('hello over TLS\n');
    await expect(once(https.get(run.url), 'response')).rejects.toMatchObject({
      code: 'DEPTH_ZERO_SELF_SIGNED_CERT',
    });
  });

  test('HTTP/2 answers in plain text on its main port and secure on its second one', async () => {
    await using run = await startProgram('http2', placement, writeCertificate('http2'));
    expect(await getOverHttp2(run.url, '/plain')).toBe('http /plain over HTTP/2\n');
    const [secure] = run.row.extraPorts;
    expect(secure?.asked).toBe(8443);
    expect(await getOverHttp2(`https://127.0.0.1:${secure?.port}`, '/tls')).toBe('https /tls over HTTP/2\n');
  });
});

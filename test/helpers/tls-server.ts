import { createServer } from 'node:tls';
import { onTestFinished } from 'vitest';
import { listen } from './raw-server.js';

/** Certificates of an authority that nobody trusts by itself. Made for these tests with `openssl ca`. */
export const TEST_AUTHORITY = `-----BEGIN CERTIFICATE-----
MIIBeDCCAR6gAwIBAgIUFdfRDnpx++TEPhSqdVHCwY/L3MwwCgYIKoZIzj0EAwIw
GTEXMBUGA1UEAwwOVGVzdCBBdXRob3JpdHkwIBcNMjAwMTAxMDAwMDAwWhgPMjEy
MDAxMDEwMDAwMDBaMBkxFzAVBgNVBAMMDlRlc3QgQXV0aG9yaXR5MFkwEwYHKoZI
zj0CAQYIKoZIzj0DAQcDQgAEzvvAzD48C2CFLYEIpPxgPDwmNtvTnuvnIa0IblEX
deuA88oUDy3wFS//Tmy+R1GXsM6/I+xbYwsqH13106e9caNCMEAwDwYDVR0TAQH/
BAUwAwEB/zAdBgNVHQ4EFgQURPVENNwQOA2u8j/cROcFk+3bGiIwDgYDVR0PAQH/
BAQDAgEGMAoGCCqGSM49BAMCA0gAMEUCIQC/2N2/PVeLDelJ0f1AVX9rjoKvGuIL
8HIvTszXQuGgcAIgNZR0xeAaphuA1v25VVo+tBWdaCiCjDGzXlDPsHt7UFk=
-----END CERTIFICATE-----`;

export const KEY = `-----BEGIN PRIVATE KEY-----
MIGHAgEAMBMGByqGSM49AgEGCCqGSM49AwEHBG0wawIBAQQgFotbyG69i58orH7t
odn9Wuf5hLy5OJSPDVcoSb3xV02hRANCAATz5S/StOwc4AuxtFbyN6D2kaPg8L9T
lZBSx6IItBMJ+GsS+PqPCaQ5Z5YyVDf9oCz8Ust3KyJigbGYXBdUfxgo
-----END PRIVATE KEY-----`;

const FOR_LOCALHOST = `-----BEGIN CERTIFICATE-----
MIIBmzCCAUCgAwIBAgIUfQRnwr1ldPdGyjQvyRm71ovhxk8wCgYIKoZIzj0EAwIw
GTEXMBUGA1UEAwwOVGVzdCBBdXRob3JpdHkwIBcNMjAwMTAxMDAwMDAwWhgPMjEy
MDAxMDEwMDAwMDBaMBQxEjAQBgNVBAMMCWxvY2FsaG9zdDBZMBMGByqGSM49AgEG
CCqGSM49AwEHA0IABPPlL9K07BzgC7G0VvI3oPaRo+Dwv1OVkFLHogi0Ewn4axL4
+o8JpDlnljJUN/2gLPxSy3crImKBsZhcF1R/GCijaTBnMBoGA1UdEQQTMBGCCWxv
Y2FsaG9zdIcEfwAAATAJBgNVHRMEAjAAMB0GA1UdDgQWBBQ9CvX21hghycSiPG5x
ZzTjOldjhzAfBgNVHSMEGDAWgBRE9UQ03BA4Da7yP9xE5wWT7dsaIjAKBggqhkjO
PQQDAgNJADBGAiEAmeRHfmWv3CIZfze5Bx7jylCnwuSpkpkmpO/OgpBL1IICIQDh
RkjSCdVHDD4+f8eQCvTvtiN5dnuauIymPORxQTOlIA==
-----END CERTIFICATE-----`;

const FOR_ANOTHER_HOST = `-----BEGIN CERTIFICATE-----
MIIBnDCCAUKgAwIBAgIUUWXwV7TK+ArOADNkCZj90SFcFUMwCgYIKoZIzj0EAwIw
GTEXMBUGA1UEAwwOVGVzdCBBdXRob3JpdHkwIBcNMjAwMTAxMDAwMDAwWhgPMjEy
MDAxMDEwMDAwMDBaMBgxFjAUBgNVBAMMDW90aGVyLmV4YW1wbGUwWTATBgcqhkjO
PQIBBggqhkjOPQMBBwNCAATz5S/StOwc4AuxtFbyN6D2kaPg8L9TlZBSx6IItBMJ
+GsS+PqPCaQ5Z5YyVDf9oCz8Ust3KyJigbGYXBdUfxgoo2cwZTAYBgNVHREEETAP
gg1vdGhlci5leGFtcGxlMAkGA1UdEwQCMAAwHQYDVR0OBBYEFD0K9fbWGCHJxKI8
bnFnNOM6V2OHMB8GA1UdIwQYMBaAFET1RDTcEDgNrvI/3ETnBZPt2xoiMAoGCCqG
SM49BAMCA0gAMEUCICH2mpKw1XwNeX6OuI1fP3tHnsSKINM6n/pRwYgfhugRAiEA
vZDdGh8elpl4GNgHDr32xlDZGOkgfo1m7Q+ObVY9V/E=
-----END CERTIFICATE-----`;

const EXPIRED = `-----BEGIN CERTIFICATE-----
MIIBlzCCAT6gAwIBAgIUQHgc28JR3V8uafl9DufNvePmbWQwCgYIKoZIzj0EAwIw
GTEXMBUGA1UEAwwOVGVzdCBBdXRob3JpdHkwHhcNMjAwMTAxMDAwMDAwWhcNMjEw
MTAxMDAwMDAwWjAUMRIwEAYDVQQDDAlsb2NhbGhvc3QwWTATBgcqhkjOPQIBBggq
hkjOPQMBBwNCAATz5S/StOwc4AuxtFbyN6D2kaPg8L9TlZBSx6IItBMJ+GsS+PqP
CaQ5Z5YyVDf9oCz8Ust3KyJigbGYXBdUfxgoo2kwZzAaBgNVHREEEzARgglsb2Nh
bGhvc3SHBH8AAAEwCQYDVR0TBAIwADAdBgNVHQ4EFgQUPQr19tYYIcnEojxucWc0
4zpXY4cwHwYDVR0jBBgwFoAURPVENNwQOA2u8j/cROcFk+3bGiIwCgYIKoZIzj0E
AwIDRwAwRAIgGLHDZMDTgGATz28lGNGmtXSpHMkwl2JvnyTrH/h2mqoCIAKbVVlO
sD+lRdOnq1TuARteGxVd29p4Ji+LksXThCP0
-----END CERTIFICATE-----`;

export const CERTIFICATES = { good: FOR_LOCALHOST, 'of another host': FOR_ANOTHER_HOST, expired: EXPIRED } as const;

export interface TlsServer {
  readonly port: number;
  /** Handshakes that were completed. */
  readonly handshakes: number;
  /** Handshakes that failed, and connections that were cut off. */
  readonly complaints: number;
  /** All that came over TLS after a handshake. */
  readonly received: string;
  /** Resolves when one that shook hands has hung up. */
  readonly hungUp: Promise<void>;
}

/** A TLS server for localhost that never answers anything, and ends with the test. */
export async function startTlsServer(certificate: keyof typeof CERTIFICATES): Promise<TlsServer> {
  const seen = { handshakes: 0, complaints: 0, received: '' };
  let onHungUp = () => {};
  const hungUp = new Promise<void>((resolve) => {
    onHungUp = resolve;
  });
  const complain = () => {
    seen.complaints += 1;
  };
  const server = createServer({ key: KEY, cert: CERTIFICATES[certificate] }, (socket) => {
    seen.handshakes += 1;
    socket.on('error', complain);
    socket.on('close', onHungUp);
    socket.on('data', (chunk: Buffer) => {
      seen.received += chunk.toString('latin1');
    });
  });
  server.on('tlsClientError', complain);
  onTestFinished(() => void server.close());
  const port = await listen(server);
  return {
    port,
    hungUp,
    get complaints() {
      return seen.complaints;
    },
    get handshakes() {
      return seen.handshakes;
    },
    get received() {
      return seen.received;
    },
  };
}

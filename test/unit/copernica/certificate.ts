/**
 * A certificate for localhost, 127.0.0.1 and api.example, which nobody has, that signs itself: the last is reached
 * through a proxy alone, as loopback addresses never are. Made for these tests, and trusted by nobody else.
 */
export const TEST_CERTIFICATE = `-----BEGIN CERTIFICATE-----
MIIBqDCCAU6gAwIBAgIUXl84W02j9onZ7yoOKJoX8+NyZvwwCgYIKoZIzj0EAwIw
FDESMBAGA1UEAwwJbG9jYWxob3N0MCAXDTI2MTEyNjE4MTEzMFoYDzIxMjYxMTAy
MTgxMTMwWjAUMRIwEAYDVQQDDAlsb2NhbGhvc3QwWTATBgcqhkjOPQIBBggqhkjO
PQMBBwNCAASQPXKUnqktAmPbcUpvw2Cuek3kAX0JveozFJFCuyOZscpYe4XlYQuI
xUQPVdrRq/VGnFtCfXVJd6iTTelYK2djo3wwejAdBgNVHQ4EFgQUSPbRv+MfuYn6
LHJPoGzHUAdz1aAwHwYDVR0jBBgwFoAUSPbRv+MfuYn6LHJPoGzHUAdz1aAwDwYD
VR0TAQH/BAUwAwEB/zAnBgNVHREEIDAegglsb2NhbGhvc3SCC2FwaS5leGFtcGxl
hwR/AAABMAoGCCqGSM49BAMCA0gAMEUCIAje7wGVXnt4eQsT05qWlcNsxvsZCebL
KDZXG+przk0fAiEA0gsu8f/hMYu1aMEERTKUDqu851aIfvzj6miftiUPHmA=
-----END CERTIFICATE-----`;

export const TEST_KEY = `-----BEGIN PRIVATE KEY-----
MIGHAgEAMBMGByqGSM49AgEGCCqGSM49AwEHBG0wawIBAQQgVtd4ILaFNlW1n12r
XOUiz90A8m6XxfmReqG5FSZpriqhRANCAASQPXKUnqktAmPbcUpvw2Cuek3kAX0J
veozFJFCuyOZscpYe4XlYQuIxUQPVdrRq/VGnFtCfXVJd6iTTelYK2dj
-----END PRIVATE KEY-----`;

/**
 * A certificate for `hooks.example.test` and 127.0.0.1 that authorises itself, for a hundred years. Nobody trusts it but
 * tests, so its key is no secret. Made with
 * `openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -days 36500 -subj '/CN=Callboard tests'
 * -addext 'subjectAltName=DNS:hooks.example.test,IP:127.0.0.1'`.
 */
export const certificate = {
  cert: `-----BEGIN CERTIFICATE-----
MIIBsDCCAVagAwIBAgIUMYqfuyzitrPQTk20EQvwYv3vCq4wCgYIKoZIzj0EAwIw
GjEYMBYGA1UEAwwPQ2FsbGJvYXJkIHRlc3RzMCAXDTI2MTEyNjAyMDUyM1oYDzIx
MjYxMTAyMDIwNTIzWjAaMRgwFgYDVQQDDA9DYWxsYm9hcmQgdGVzdHMwWTATBgcq
hkjOPQIBBggqhkjOPQMBBwNCAARE7tROYamUDL4GXykg0Z6R3CV3++8SeRkCHGfp
+ZdV4PAeLeg5dz97T1pH+zG6xkYM2Fb4KK36JAL3k7YT7eRQo3gwdjAdBgNVHQ4E
FgQUje9XnzJNyq+i6/x1hSbkWGQ4aKEwHwYDVR0jBBgwFoAUje9XnzJNyq+i6/x1
hSbkWGQ4aKEwDwYDVR0TAQH/BAUwAwEB/zAjBgNVHREEHDAaghJob29rcy5leGFt
cGxlLnRlc3SHBH8AAAEwCgYIKoZIzj0EAwIDSAAwRQIhAK26Cj0jKLKMCOy6dPiM
cfD+ksMW/aQYqVU/HWuNNpN4AiAizswU/wDWwD6CdbPZKlk9GXI1yB/m8Cf7Aw8Z
2xCVHA==
-----END CERTIFICATE-----`,
  key: `-----BEGIN PRIVATE KEY-----
MIGHAgEAMBMGByqGSM49AgEGCCqGSM49AwEHBG0wawIBAQQgsQe1Uzz5sfZJ6MkG
UXOqV6dZPGS/sd51s1mP2zjoO6+hRANCAARE7tROYamUDL4GXykg0Z6R3CV3++8S
eRkCHGfp+ZdV4PAeLeg5dz97T1pH+zG6xkYM2Fb4KK36JAL3k7YT7eRQ
-----END PRIVATE KEY-----`,
};

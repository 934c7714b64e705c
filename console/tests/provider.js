// A real OpenID provider on this machine, whose tokens the API of the tests accepts.
import { createSecretKey } from "node:crypto";
import Provider from "oidc-provider";

/** Serves until the tests end. The account that signs in is the id of a user. */
export async function startProvider(issuer, redirectUri, secret) {
  const resource = {
    scope: "users",
    audience: "rollcall",
    accessTokenFormat: "jwt",
    jwt: { sign: { alg: "HS256", key: createSecretKey(Buffer.from(secret)) } },
  };
  const provider = new Provider(issuer, {
    clients: [
      {
        client_id: "console",
        application_type: "native",
        token_endpoint_auth_method: "none",
        grant_types: ["authorization_code"],
        response_types: ["code"],
        redirect_uris: [redirectUri],
      },
    ],
    clientBasedCORS: () => true,
    pkce: { required: () => true, methods: ["S256"] },
    features: {
      resourceIndicators: {
        enabled: true,
        defaultResource: () => "https://rollcall.example",
        useGrantedResource: () => true,
        getResourceServerInfo: () => resource,
      },
    },
  });
  const server = provider.listen(new URL(issuer).port, "127.0.0.1");
  await new Promise((resolve) => server.once("listening", resolve));
  return server;
}

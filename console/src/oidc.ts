// Sign-in with an OpenID provider: authorization code with PKCE (RFC 7636, RFC 9700).
import * as oauth from "oauth4webapi";
import { type Config, signIn } from "./session";

type Provider = NonNullable<Config["oidc"]>;

/** What the redirect to the provider must not lose. It ends with the tab, and holds no token. */
interface Pending {
  verifier: string;
  state: string;
  nonce: string;
  place: string;
}

const PENDING = "rollcall.sign-in";
const redirectUri = () => `${location.origin}/console/signed-in`;

/** A provider on this machine, for development, may do without TLS. */
const options = (provider: Provider) => ({ [oauth.allowInsecureRequests]: provider.issuer.startsWith("http://") });

async function discover(provider: Provider) {
  const issuer = new URL(provider.issuer);
  const response = await oauth.discoveryRequest(issuer, { algorithm: "oidc", ...options(provider) });
  return oauth.processDiscoveryResponse(issuer, response);
}

/** Leaves for the provider. */
export async function startSignIn(provider: Provider) {
  const server = await discover(provider);
  const pending: Pending = {
    verifier: oauth.generateRandomCodeVerifier(),
    state: oauth.generateRandomState(),
    nonce: oauth.generateRandomNonce(),
    place: location.pathname + location.search,
  };
  sessionStorage.setItem(PENDING, JSON.stringify(pending));
  const url = new URL(server.authorization_endpoint!);
  const parameters = {
    client_id: provider.client_id,
    redirect_uri: redirectUri(),
    response_type: "code",
    scope: provider.scopes,
    state: pending.state,
    nonce: pending.nonce,
    code_challenge: await oauth.calculatePKCECodeChallenge(pending.verifier),
    code_challenge_method: "S256",
  };
  for (const [name, value] of Object.entries(parameters)) url.searchParams.set(name, value);
  location.assign(url);
}

/** Takes the code that the provider has sent the browser back with, if it has. */
export async function finishSignIn(provider: Provider) {
  if (location.pathname !== "/console/signed-in") return;
  const stored = sessionStorage.getItem(PENDING);
  const answer = new URL(location.href);
  sessionStorage.removeItem(PENDING);
  // The code is of no use to anybody else, and leaves the address bar all the same.
  const pending: Pending | undefined = stored ? JSON.parse(stored) : undefined;
  history.replaceState(null, "", pending?.place ?? "/console");
  if (!pending) return;
  const server = await discover(provider);
  const client: oauth.Client = { client_id: provider.client_id };
  const parameters = oauth.validateAuthResponse(server, client, answer, pending.state);
  const response = await oauth.authorizationCodeGrantRequest(
    server,
    client,
    oauth.None(),
    parameters,
    redirectUri(),
    pending.verifier,
    options(provider),
  );
  const tokens = await oauth.processAuthorizationCodeResponse(server, client, response, {
    expectedNonce: pending.nonce,
  });
  signIn(tokens.access_token);
}

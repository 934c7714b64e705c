// Starts the console: configuration, sign-in, then the view that the address names.
import { render, type ComponentType } from "preact";
import { useEffect, useState } from "preact/hooks";
import { api, ApiError, ask, type Me } from "./api/client";
import { ErrorNotice, Skeleton, Title } from "./parts/basics";
import { Header } from "./parts/header";
import { Shortcuts } from "./parts/shortcuts";
import { Toasts } from "./parts/toasts";
import { useResource } from "./resource";
import { href, usePlace } from "./router";
import { loadConfig, signIn, token, useSession } from "./session";
import { NotAllowed, SignIn } from "./signin";
import { t } from "./texts";
import { Access } from "./users/access";
import { UserView } from "./users/user";
import { UsersView } from "./users/list";

/** A view that is loaded when somebody opens it. */
function lazy<P>(load: () => Promise<ComponentType<P>>) {
  let loaded: ComponentType<P> | undefined;
  return function Lazy(props: P & object) {
    const [View, setView] = useState<ComponentType<P> | undefined>(() => loaded);
    useEffect(() => {
      if (!loaded) void load().then((view) => setView(() => (loaded = view)));
    }, []);
    return View ? <View {...props} /> : <Skeleton rows={6} />;
  };
}

const Dashboard = lazy(() => import("./dashboard/view").then((module) => module.Dashboard));
const Audit = lazy(() => import("./audit/view").then((module) => module.AuditView));
const Import = lazy(() => import("./import/view").then((module) => module.ImportView));
const CreateUser = lazy(() => import("./users/create").then((module) => module.CreateUser));

function View({ me }: { me?: Me }) {
  const { path } = usePlace();
  const [, view, id] = path.split("/");
  if (path === "/") return <Dashboard />;
  if (path === "/users") return <UsersView />;
  if (path === "/users/new") return <CreateUser />;
  if (view === "users" && id) return <UserView key={id} id={decodeURIComponent(id)} me={me} />;
  if (path === "/import") return <Import />;
  if (path === "/audit") return <Audit />;
  return (
    <>
      <Title text={t.notFound.title} />
      <p>
        <a href={href("/")}>{t.notFound.back}</a>
      </p>
    </>
  );
}

function useOnline() {
  const [isOnline, setOnline] = useState(navigator.onLine);
  useEffect(() => {
    const change = () => setOnline(navigator.onLine);
    addEventListener("online", change);
    addEventListener("offline", change);
    return () => {
      removeEventListener("online", change);
      removeEventListener("offline", change);
    };
  }, []);
  return isOnline;
}

function SignedIn() {
  const [isHelpOpen, setHelpOpen] = useState(false);
  const isOnline = useOnline();
  const me = useResource("me", (signal) => ask(api.GET("/api/v1/me", { signal })).then(({ data }) => data));
  if (me.data && !me.data.is_superuser) return <NotAllowed user={me.data} />;
  return (
    <>
      <a class="skip" href="#main" onClick={skip}>
        {t.skip}
      </a>
      <Header me={me.data} openHelp={() => setHelpOpen(true)} />
      {!isOnline && (
        <p class="offline" role="status">
          {t.offline}
        </p>
      )}
      <main id="main" tabIndex={-1}>
        <Access.Provider value={me.data}>
          <View me={me.data} />
        </Access.Provider>
      </main>
      <Shortcuts isOpen={isHelpOpen} setOpen={setHelpOpen} />
      <Toasts />
    </>
  );
}

function skip(event: Event) {
  event.preventDefault();
  document.getElementById("main")?.focus();
}

function App() {
  const session = useSession();
  if (session.state === "in") return <SignedIn key={session.token} />;
  return <SignIn hasExpired={session.state === "expired"} />;
}

async function start() {
  try {
    // Who comes with a session needs no configuration.
    if (!token()) {
      const config = await loadConfig();
      if (config.oidc) await import("./oidc").then(({ finishSignIn }) => finishSignIn(config.oidc!));
      if (config.token) signIn(config.token);
    }
    render(<App />, document.body);
  } catch (error) {
    const message = error instanceof Error ? error.message : String(error);
    const retry = () => location.assign(href("/"));
    render(<ErrorNotice error={new ApiError(0, "start", message)} retry={retry} />, document.body);
  }
}

void start();

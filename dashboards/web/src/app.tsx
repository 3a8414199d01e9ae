/** The frame of every page: who is signed in, where one is, and the page of the address. */

import { useEffect, useMemo, useRef, useState } from 'preact/hooks';
import { detailOf } from './api/client';
import { position } from './api/live';
import { Alerts } from './pages/alerts/page';
import { Changes } from './pages/changes/page';
import { Compare } from './pages/compare/page';
import { Evals } from './pages/evals/page';
import { Examples } from './pages/examples/page';
import { Experiments } from './pages/experiments/page';
import { Feature } from './pages/feature/page';
import { Metrics } from './pages/metrics';
import { Overview } from './pages/overview/page';
import { Settings } from './pages/settings/page';
import { SignIn } from './pages/sign_in';
import { Catalogue, useDefinitions } from './parts/catalogue';
import { Empty } from './parts/states';
import { Title } from './parts/title';
import { current, type Session, Signed, signOut, useSession } from './session';
import { applyTheme, theme, THEMES, type Theme } from './state/theme';
import { go, onward, usePlace } from './state/url';

type State = { is: 'starting' } | { is: 'signed-out' } | { is: 'failed'; problem: string } | { is: 'signed-in'; session: Session };

export function App() {
    const [state, setState] = useState<State>({ is: 'starting' });
    const enter = async (found: Session | null) => {
        if (found === null) return setState({ is: 'signed-out' });
        await position.start();
        setState({ is: 'signed-in', session: found });
    };
    useEffect(() => {
        position.signedOut = () => {
            position.stop();
            setState({ is: 'signed-out' });
        };
        const start = () =>
            current()
                .then(enter)
                .catch((problem: unknown) => {
                    setState({ is: 'failed', problem: detailOf(problem) });
                    setTimeout(start, 3_000);
                });
        void start();
    }, []);
    switch (state.is) {
        case 'starting':
            return <main class="page" aria-busy="true" />;
        case 'failed':
            return (
                <main class="page">
                    <div role="alert">
                        <Empty title="Calibrant does not answer">{state.problem} The page tries again by itself.</Empty>
                    </div>
                </main>
            );
        case 'signed-out':
            return <SignIn onSignedIn={enter} />;
        case 'signed-in':
            return (
                <Signed.Provider value={state.session}>
                    <Frame onSignOut={() => void signOut().then(() => setState({ is: 'signed-out' }))} />
                </Signed.Provider>
            );
    }
}

const PAGES = [
    ['/', 'Overview'],
    ['/compare', 'Compare'],
    ['/experiments', 'Experiments'],
    ['/changes', 'Changes'],
    ['/evals', 'Evals'],
    ['/alerts', 'Alerts'],
    ['/examples', 'Examples'],
    ['/catalogue', 'Metrics'],
    ['/settings', 'Settings'],
] as const;

function Frame({ onSignOut }: { onSignOut: () => void }) {
    const { path } = usePlace();
    const { project } = useSession();
    const catalogue = useDefinitions();
    const metrics = useMemo(() => new Map(catalogue.data?.data.map((metric) => [metric.id, metric])), [catalogue.data]);
    const main = useRef<HTMLElement>(null);
    const before = useRef(path);
    useEffect(() => {
        // Who reads by ear is told of the new page.
        if (before.current !== path) main.current?.focus({ preventScroll: true });
        before.current = path;
    }, [path]);
    return (
        <Catalogue.Provider value={metrics}>
            <a class="skip" href="#main" onClick={() => main.current?.focus()}>
                Skip to the content
            </a>
            <header class="bar">
                <a class="wordmark" href={onward('/')}>
                    Calibrant
                </a>
                <nav aria-label="Pages">
                    {PAGES.map(([to, name]) => {
                        const here = to === '/' ? path === '/' || path.startsWith('/features/') : path === to;
                        return (
                            <a key={to} href={onward(to)} aria-current={here ? 'page' : undefined}>
                                {name}
                            </a>
                        );
                    })}
                </nav>
                <div class="who">
                    <span title="Project">{project}</span>
                    <ThemePicker />
                    <button type="button" class="quiet" onClick={onSignOut}>
                        Sign out
                    </button>
                </div>
            </header>
            <main class="page" id="main" ref={main} tabIndex={-1}>
                <Page path={path} />
            </main>
        </Catalogue.Provider>
    );
}

function Page({ path }: { path: string }) {
    const feature = featureOf(path);
    const name = feature ?? PAGES.find(([to]) => to === path)?.[1];
    useEffect(() => {
        document.title = name === undefined ? 'Calibrant' : `${name} · Calibrant`;
    }, [name]);
    useEffect(() => {
        if (path === '/sign-in') go('/', true);
    }, [path]);
    if (feature !== undefined) return <Feature name={feature} key={feature} />;
    switch (path) {
        case '/':
            return <Overview />;
        case '/compare':
            return <Compare />;
        case '/experiments':
            return <Experiments />;
        case '/changes':
            return <Changes />;
        case '/evals':
            return <Evals />;
        case '/alerts':
            return <Alerts />;
        case '/examples':
            return <Examples />;
        case '/catalogue':
            return <Metrics />;
        case '/settings':
            return <Settings />;
        default:
            return (
                <Title
                    lead={
                        <>
                            Go to the <a href="/">overview</a>.
                        </>
                    }
                >
                    There is no such page
                </Title>
            );
    }
}

/** The feature whose page a path is; none where the path is not encoded as one. */
function featureOf(path: string): string | undefined {
    const encoded = /^\/features\/([^/]+)$/.exec(path)?.[1];
    try {
        return encoded === undefined ? undefined : decodeURIComponent(encoded);
    } catch {
        return undefined;
    }
}

function ThemePicker() {
    const [chosen, setChosen] = useState<Theme>(theme());
    return (
        <label class="theme">
            <span class="hidden">Colours</span>
            <select
                value={chosen}
                onChange={(event) => {
                    const next = event.currentTarget.value as Theme;
                    applyTheme(next);
                    setChosen(next);
                }}
            >
                {THEMES.map((name) => (
                    <option key={name} value={name}>
                        {name === 'system' ? 'Auto' : name === 'light' ? 'Light' : 'Dark'}
                    </option>
                ))}
            </select>
        </label>
    );
}

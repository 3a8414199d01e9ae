/** Keys, dimensions, privacy, and how the service is. */

import { Empty } from '../../parts/states';
import { Title } from '../../parts/title';
import { useMay, useSession } from '../../session';
import { Audit } from './audit';
import { Erase } from './erase';
import { Keys } from './keys';
import { Project } from './project';
import { FIRST, Projects } from './projects';
import { Refused } from './refused';
import { Retention } from './retention';
import { Status } from './status';

export function Settings() {
    const session = useSession();
    const admin = useMay('admin');
    return (
        <>
            <Title
                lead={
                    <>
                        Project {session.project}, signed in with the key “{session.key.name}” ({session.key.scopes.join(', ')}).
                    </>
                }
            >
                Settings
            </Title>
            <Status />
            <Refused />
            <Project admin={admin} />
            <Retention admin={admin} />
            <section class="section" aria-labelledby="keys">
                <h2 id="keys">Keys</h2>
                {admin ? <Keys own={session.key.id} /> : <Empty title="Keys are managed with the scope admin">Yours does not have it.</Empty>}
            </section>
            {admin && session.project === FIRST && <Projects />}
            {admin && (
                <>
                    <section class="section" aria-labelledby="erase">
                        <h2 id="erase">Erase a user</h2>
                        <Erase />
                    </section>
                    <section class="section" aria-labelledby="audit">
                        <h2 id="audit">What admins did</h2>
                        <Audit />
                    </section>
                </>
            )}
        </>
    );
}

/** The weekly digest of a webhook: when it comes, and choosing that. */

import { useState } from 'preact/hooks';
import { api, type Schemas } from '../../api/client';
import { reload } from '../../api/data';
import { minute } from '../../format/time';
import { Form, Trouble, useAttempt } from '../../parts/form';
import { text } from '../../parts/values';

type Webhook = Schemas['WebhookView'];
type Time = Schemas['DigestTime'];
type Day = Schemas['Weekday'];

const DAYS: Record<Day, string> = {
    monday: 'Monday',
    tuesday: 'Tuesday',
    wednesday: 'Wednesday',
    thursday: 'Thursday',
    friday: 'Friday',
    saturday: 'Saturday',
    sunday: 'Sunday',
};
const HOURS = Array.from({ length: 24 }, (_, hour) => hour);
const clock = (hour: number) => `${String(hour).padStart(2, '0')}:00`;

/** What a time is where it does not say. */
const UNSAID = { weekday: 'monday', hour: 8, timezone: 'UTC' } as const;

/** `Digest on Mondays at 08:00, Europe/Berlin`. */
export function comes(time: Time): string {
    const { weekday, hour, timezone } = { ...UNSAID, ...time };
    return `Digest on ${DAYS[weekday]}s at ${clock(hour)}, ${timezone}`;
}

/** What the fields say: null for never. */
export function digestOf(values: FormData): Time | null {
    const weekday = text(values, 'weekday');
    if (weekday === '') return null;
    return { weekday: weekday as Day, hour: Number(text(values, 'hour')), timezone: text(values, 'timezone') };
}

/** Where the browser is. */
const here = () => new Intl.DateTimeFormat().resolvedOptions().timeZone;

/** `No weekly digest`, or when it comes, and next. */
export function plan({ digest, next_digest_at }: Pick<Webhook, 'digest' | 'next_digest_at'>): string {
    if (digest === null) return 'No weekly digest';
    return comes(digest) + (next_digest_at === null ? '' : ` · next ${minute(next_digest_at)}`);
}

/** When it comes, to be chosen. */
export function DigestForm({ webhook }: { webhook: Webhook }) {
    const { attempt, busy, problem } = useAttempt();
    const save = (form: HTMLFormElement) =>
        void attempt(async () => {
            await api.patch('/api/v1/webhooks/{id}', { path: { id: webhook.id }, body: { digest: digestOf(new FormData(form)) } });
            reload();
        });
    return (
        <Form key={JSON.stringify(webhook.digest)} onSubmit={save}>
            <DigestFields time={webhook.digest} />
            <button type="submit" disabled={busy}>
                Save
            </button>
            <p class="help" role="status">
                {plan(webhook)}
            </p>
            <Trouble problem={problem} />
        </Form>
    );
}

/** Hour and zone are asked for where it comes at all. */
export function DigestFields({ time }: { time: Time | null }) {
    const { weekday, hour, timezone } = time === null ? { weekday: '', hour: 8, timezone: here() } : { ...UNSAID, ...time };
    const [weekly, setWeekly] = useState(weekday !== '');
    return (
        <>
            <label>
                Weekly digest
                <select name="weekday" onChange={(event) => setWeekly(event.currentTarget.value !== '')}>
                    <option value="">Never</option>
                    {Object.entries(DAYS).map(([day, words]) => (
                        <option key={day} value={day} selected={day === weekday}>
                            {words}
                        </option>
                    ))}
                </select>
            </label>
            {weekly && (
                <>
                    <label>
                        At
                        <select name="hour">
                            {HOURS.map((one) => (
                                <option key={one} value={one} selected={one === hour}>
                                    {clock(one)}
                                </option>
                            ))}
                        </select>
                    </label>
                    <label>
                        Time zone
                        <input name="timezone" required defaultValue={timezone} autocomplete="off" />
                    </label>
                </>
            )}
        </>
    );
}

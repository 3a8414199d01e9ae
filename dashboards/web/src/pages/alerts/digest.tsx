/** The weekly digest of a webhook: when it comes, choosing that, and sending one now. */

import { api, type Schemas } from '../../api/client';
import { minute } from '../../format/time';
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

/** `Digest on Mondays at 08:00, Europe/Berlin`. */
export function comes({ weekday = 'monday', hour = 8, timezone = 'UTC' }: Time): string {
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

export function Digest({ webhook: { digest, next_digest_at } }: { webhook: Webhook }) {
    if (digest === null) return null;
    return (
        <span class="evidence">
            {comes(digest)}
            {next_digest_at !== null && ` · next ${minute(next_digest_at)}`}
        </span>
    );
}

export function DigestActions({ webhook: { id, digest }, act }: { webhook: Webhook; act: (what: () => Promise<unknown>) => void }) {
    const path = { id };
    const weekly = () => api.patch('/api/v1/webhooks/{id}', { path, body: { digest: digest === null ? { timezone: here() } : null } });
    return (
        <>
            <button type="button" onClick={() => act(() => api.post('/api/v1/webhooks/{id}/digest', { path }))}>
                Send the digest
            </button>
            <button type="button" onClick={() => act(weekly)}>
                {digest === null ? 'Digest on Mondays' : 'No weekly digest'}
            </button>
        </>
    );
}

export function DigestFields() {
    return (
        <>
            <label>
                Weekly digest
                <select name="weekday">
                    <option value="">Never</option>
                    {Object.entries(DAYS).map(([day, words]) => (
                        <option key={day} value={day}>
                            {words}
                        </option>
                    ))}
                </select>
            </label>
            <label>
                At
                <select name="hour">
                    {HOURS.map((hour) => (
                        <option key={hour} value={hour} selected={hour === 8}>
                            {clock(hour)}
                        </option>
                    ))}
                </select>
            </label>
            <label>
                Time zone
                <input name="timezone" required defaultValue={here()} autocomplete="off" />
            </label>
        </>
    );
}

import { expect, it } from 'vitest';
import { comes, digestOf, plan } from './digest';

it('says when the digest comes', () => {
    expect(comes({})).toBe('Digest on Mondays at 08:00, UTC');
    const friday = { weekday: 'friday', hour: 17, timezone: 'Europe/Berlin' } as const;
    expect(comes(friday)).toBe('Digest on Fridays at 17:00, Europe/Berlin');
    expect(plan({ digest: friday, next_digest_at: null })).toBe('Digest on Fridays at 17:00, Europe/Berlin');
    expect(plan({ digest: {}, next_digest_at: '2026-11-30T08:00:00Z' })).toContain('at 08:00, UTC · next 30 Nov 2026');
    expect(plan({ digest: null, next_digest_at: null })).toBe('No weekly digest');
});

it('reads when it is to come', () => {
    const values = new FormData();
    for (const [name, value] of Object.entries({ weekday: 'friday', hour: '0', timezone: ' Asia/Tokyo ' })) values.set(name, value);
    expect(digestOf(values)).toEqual({ weekday: 'friday', hour: 0, timezone: 'Asia/Tokyo' });
    values.set('weekday', '');
    expect(digestOf(values)).toBe(null);
});

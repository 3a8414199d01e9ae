import { expect, it } from 'vitest';
import { comes, digestOf } from './digest';

it('says when the digest comes', () => {
    expect(comes({})).toBe('Digest on Mondays at 08:00, UTC');
    expect(comes({ weekday: 'friday', hour: 17, timezone: 'Europe/Berlin' })).toBe('Digest on Fridays at 17:00, Europe/Berlin');
});

it('reads when it is to come', () => {
    const values = new FormData();
    for (const [name, value] of Object.entries({ weekday: 'friday', hour: '0', timezone: ' Asia/Tokyo ' })) values.set(name, value);
    expect(digestOf(values)).toEqual({ weekday: 'friday', hour: 0, timezone: 'Asia/Tokyo' });
    values.set('weekday', '');
    expect(digestOf(values)).toBe(null);
});

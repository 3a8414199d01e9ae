import { expect, it } from 'vitest';
import { pieces } from './prose';

it('tells names from words', () => {
    expect(pieces('Share with a `missed` event, by `user_id`.')).toEqual(['Share with a ', 'missed', ' event, by ', 'user_id', '.']);
    expect(pieces('Nothing to tell.')).toEqual(['Nothing to tell.']);
    expect(pieces('One ` alone')).toEqual(['One ` alone']);
    expect(pieces('A `name` and ` alone')).toEqual(['A ', 'name', ' and ` alone']);
});

import { expect, it } from 'vitest';
import { asNamed } from './picker';
import { list, text } from './values';

it('reads what is in the fields', () => {
    const form = new FormData();
    form.set('name', '  a b ');
    form.set('tags', ' x, ,y z,');
    expect([text(form, 'name'), text(form, 'absent')]).toEqual(['a b', '']);
    expect(list(form, 'tags')).toEqual(['x', 'y z']);
    expect(list(form, 'absent')).toEqual([]);
});

it('offers what is chosen where it is not known', () => {
    const options = [
        ['c', 'c'],
        ['a', 'a'],
        ['b', 'b'],
    ];
    expect(asNamed(['a', 'b'], 'c')).toEqual(options);
    expect(asNamed(['c', 'a', 'b'], 'a')).toEqual(options);
    expect(asNamed(undefined, 'c')).toEqual([['c', 'c']]);
    expect(asNamed()).toEqual([]);
});

import { expect, it } from 'vitest';
import { Turns } from './turns';

it('lets so many run at once, in order, and goes on after a failure', async () => {
    const turns = new Turns(2);
    let [running, most] = [0, 0];
    const order: number[] = [];
    const work = (name: number) =>
        turns.run(async () => {
            most = Math.max(most, (running += 1));
            order.push(name);
            await Promise.resolve();
            running -= 1;
            if (name === 1) throw new Error('fails');
            return name;
        });
    const ended = await Promise.allSettled([0, 1, 2, 3, 4].map(work));
    expect(order).toEqual([0, 1, 2, 3, 4]);
    expect(most).toBe(2);
    expect(ended.map((one) => one.status)).toEqual(['fulfilled', 'rejected', 'fulfilled', 'fulfilled', 'fulfilled']);
    expect(await work(5)).toBe(5);
});

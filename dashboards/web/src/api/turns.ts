/** Takes turns: so many at once, the others wait in order. */

export class Turns {
    private running = 0;
    private readonly waiting: (() => void)[] = [];

    constructor(private readonly most: number) {}

    async run<T>(what: () => Promise<T>): Promise<T> {
        if (this.running >= this.most) await new Promise<void>((next) => this.waiting.push(next));
        else this.running += 1;
        try {
            return await what();
        } finally {
            const next = this.waiting.shift();
            if (next === undefined) this.running -= 1;
            else next();
        }
    }
}

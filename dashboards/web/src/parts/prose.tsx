/** Texts of the registry and of the server, in which names stand between backticks. */

/** The pieces of a text, every other of which is a name; a backtick without another stays what it is. */
export function pieces(text: string): string[] {
    const found = text.split('`');
    return found.length % 2 === 1 ? found : [...found.slice(0, -2), found.slice(-2).join('`')];
}

export function Prose({ text }: { text: string }) {
    return <>{pieces(text).map((piece, at) => (at % 2 === 1 ? <code key={at}>{piece}</code> : piece))}</>;
}

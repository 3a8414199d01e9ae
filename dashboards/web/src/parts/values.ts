/** What is in the fields of a form. Pure. */

/** A text without spaces around it; empty where there is no such field. */
export function text(form: FormData, name: string): string {
    return String(form.get(name) ?? '').trim();
}

/** Names with commas between. */
export function list(form: FormData, name: string): string[] {
    return text(form, name)
        .split(',')
        .map((one) => one.trim())
        .filter((one) => one !== '');
}

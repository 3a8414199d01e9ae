/** A key that was just made. */

/** It is told once, and read out when it is there. */
export function Secret({ of, children }: { of: string | undefined; children?: string }) {
    return (
        <div role="status">
            {of !== undefined && (
                <div class="made">
                    <p>{children}This is the only time the key is told:</p>
                    <pre>
                        <code>{of}</code>
                    </pre>
                </div>
            )}
        </div>
    );
}

/** Light, dark, or as the system is. A matter of who looks, so that it is kept here and not in links. */

export const THEMES = ['system', 'light', 'dark'] as const;
export type Theme = (typeof THEMES)[number];

const NAME = 'calibrant-theme';

export function theme(): Theme {
    const kept = localStorage.getItem(NAME);
    return THEMES.find((known) => known === kept) ?? 'system';
}

export function applyTheme(chosen: Theme = theme()): void {
    localStorage.setItem(NAME, chosen);
    if (chosen === 'system') delete document.documentElement.dataset.theme;
    else document.documentElement.dataset.theme = chosen;
}

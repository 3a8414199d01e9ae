import { render } from 'preact';
import { App } from './app';
import { followLinks } from './state/url';
import { applyTheme } from './state/theme';
import './style.css';

applyTheme();
followLinks();
const root = document.getElementById('app');
if (root !== null) render(<App />, root);

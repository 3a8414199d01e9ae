/** What the page of a feature shows, in order. Another analysis is another file beside this one and another line here. */

import type { ComponentType } from 'preact';
import { Agreement } from './agreement';
import { Approvals } from './approvals';
import { Autonomy } from './autonomy';
import { Calibration } from './calibration';
import { Coverage } from './coverage';
import { Decisions } from './decisions';
import { Drift } from './drift';
import { Edits } from './edits';
import { Effort } from './effort';
import { Moved } from './moved';
import { Persistence } from './persistence';
import { Ratings } from './ratings';
import { Reasons } from './reasons';
import { Reliance } from './reliance';
import { Segments } from './segments';
import { Stated } from './stated';
import { Trajectory } from './trajectory';
import { Trends } from './trends';
import { Triggers } from './triggers';
import { Versions } from './versions';

export interface Section {
    id: string;
    title: string;
    /** What it answers. */
    question: string;
    Body: ComponentType<{ feature: string }>;
}

export const SECTIONS: Section[] = [
    { id: 'trend', title: 'Trend', question: 'Is it getting better, and when did it change?', Body: Trends },
    { id: 'decisions', title: 'Decisions', question: 'What do people do with it?', Body: Decisions },
    { id: 'reliance', title: 'Reliance', question: 'Do people take it when it is right, and decline it when it is wrong?', Body: Reliance },
    { id: 'calibration', title: 'Calibration', question: 'Does its confidence mean what it says?', Body: Calibration },
    { id: 'autonomy', title: 'Autonomy', question: 'When may it act without asking?', Body: Autonomy },
    { id: 'moved', title: 'Segments that moved', question: 'For whom did it change?', Body: Moved },
    { id: 'segments', title: 'Segments', question: 'For whom is it better or worse?', Body: Segments },
    { id: 'drift', title: 'Drift', question: 'What changed for good, and on which day?', Body: Drift },
    { id: 'versions', title: 'Versions', question: 'How do versions compare?', Body: Versions },
    { id: 'effort', title: 'Effort', question: 'How much do people change, and how long do they think?', Body: Effort },
    { id: 'persistence', title: 'Persistence', question: 'Does what people take stay in place?', Body: Persistence },
    { id: 'edits', title: 'What people change', question: 'Which words do they delete, insert and replace?', Body: Edits },
    { id: 'ratings', title: 'Ratings', question: 'What do people say when they are asked?', Body: Ratings },
    { id: 'stated', title: 'Stated trust', question: 'Do people do as they say?', Body: Stated },
    { id: 'reasons', title: 'Why they reject', question: 'What do they say, and what do rejected outputs have in common?', Body: Reasons },
    { id: 'trajectory', title: 'Trajectory', question: 'Does trust grow with use, and survive a mistake?', Body: Trajectory },
    { id: 'coverage', title: 'Coverage', question: 'How much is not known, and what could it hide?', Body: Coverage },
    { id: 'agreement', title: 'Agreement and quality', question: 'Do people judge alike, and may a judge stand in for them?', Body: Agreement },
    { id: 'triggers', title: 'Triggers', question: 'Does it fire when it should?', Body: Triggers },
    { id: 'approvals', title: 'Approvals by tool', question: 'Which steps do people let it take?', Body: Approvals },
];

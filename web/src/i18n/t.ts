/** The words of the page. `en` is the type of every other language: a missing word does not compile. */
import { en } from './en';

export type Words = typeof en;
export const t: Words = en;
export const language = 'en';

// A failure in words: the headline of its code in the language in use, and the appliance's own words with the remedy.
import { Fault } from '../../engine/schema/index.ts';
import { say } from '../words/index.ts';
import { showToast } from './toasts.ts';

/** Headline and remedy of anything thrown. */
export function faultWords(error: unknown): { title: string; detail: string } {
  const code = error instanceof Fault ? error.code : 'internal';
  return { title: say(`fault.${code}`), detail: error instanceof Error ? error.message : String(error) };
}

/** Says a failure at the foot of the window, `about` first. */
export function showFault(error: unknown, about?: string): void {
  const { title, detail } = faultWords(error);
  showToast({ kind: 'problem', title: about === undefined ? title : `${about}: ${title}`, detail });
}

// A failure in words: the headline of its code in the language in use, and the appliance's own words with the remedy.
import { errorCodes } from '../../engine/schema/index.ts';
import { said, say } from '../words/index.ts';
import { showToast } from './toasts.ts';

/** Headline and remedy of anything thrown, or of the fault that a record keeps. */
export function faultWords(error: unknown): { title: string; detail: string } {
  const given = error instanceof Object && 'code' in error ? error.code : undefined;
  const code = errorCodes.find((known) => known === given) ?? 'internal';
  return {
    title: say(`fault.${code}`),
    detail: said(error instanceof Object && 'message' in error ? String(error.message) : String(error)),
  };
}

/** Says a failure at the foot of the window, `about` first. */
export function showFault(error: unknown, about?: string): void {
  const { title, detail } = faultWords(error);
  showToast({ kind: 'problem', title: about === undefined ? title : `${about}: ${title}`, detail });
}

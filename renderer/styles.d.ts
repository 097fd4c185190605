// Style sheets are imported for their effect; Vite turns them into files. Types only.
declare module '*.css';

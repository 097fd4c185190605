// Series: their columns, steps, seasons and windows, for training and serving alike.
export { forecastMeant, type SeriesColumns, seriesColumnsOf } from './columns.ts';
export { encodeHistories, seriesInputs, windowFeeds } from './histories.ts';
export { type OneSeries, readSeries, type SeriesRows } from './read.ts';
export { findSeasons } from './seasons.ts';
export { calendarParts, calendarSeasons, saidTime, timeOf } from './steps.ts';
export { calendarWidth, openWindows, type SeriesWindows } from './windows.ts';

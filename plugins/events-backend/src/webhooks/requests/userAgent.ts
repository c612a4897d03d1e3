import packageInfo from '../../../package.json';

/** Says who sends, to whoever reads the log of a receiver. */
export const userAgent = `Callboard/${packageInfo.version}`;

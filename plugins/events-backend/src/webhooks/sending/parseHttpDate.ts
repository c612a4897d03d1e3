const months = [
  'Jan',
  'Feb',
  'Mar',
  'Apr',
  'May',
  'Jun',
  'Jul',
  'Aug',
  'Sep',
  'Oct',
  'Nov',
  'Dec',
];
const month = `(?<month>${months.join('|')})`;
const shortDay = '(?:Mon|Tue|Wed|Thu|Fri|Sat|Sun)';
const longDay = '(?:Mon|Tues|Wednes|Thurs|Fri|Satur|Sun)day';
const time = '(?<hours>\\d{2}):(?<minutes>\\d{2}):(?<seconds>\\d{2})';

/** IMF-fixdate, and the two that are obsolete and that recipients must accept. */
const forms = [
  `${shortDay}, (?<day>\\d{2}) ${month} (?<year>\\d{4}) ${time} GMT`,
  `${longDay}, (?<day>\\d{2})-${month}-(?<year>\\d{2}) ${time} GMT`,
  `${shortDay} ${month} (?<day>[ \\d]\\d) ${time} (?<year>\\d{4})`,
].map(form => new RegExp(`^${form}$`));

/**
 * Reads an HTTP-date (RFC 9110, section 5.6.7). `Date.parse` is no choice: it takes `1` and `Monday 3` for dates.
 *
 * @param nowMs - milliseconds since the epoch; places the two digits of an obsolete form in their century
 * @returns milliseconds since the epoch, or undefined for what is no HTTP-date or no day of the calendar
 */
export function parseHttpDate(text: string, nowMs: number): number | undefined {
  const parts = forms.map(form => form.exec(text)?.groups).find(Boolean);
  if (!parts) {
    return undefined;
  }
  const monthIndex = months.indexOf(parts.month);
  const [day, hours, minutes, seconds] = [
    parts.day,
    parts.hours,
    parts.minutes,
    parts.seconds,
  ].map(Number);
  const year =
    parts.year.length === 4
      ? Number(parts.year)
      : placeInCentury(Number(parts.year), nowMs);
  const midnight = new Date(Date.UTC(year, monthIndex, day));
  // 31 Feb is in March. A minute may have a 61st second.
  const ofTheCalendar = midnight.getUTCMonth() === monthIndex;
  if (!ofTheCalendar || hours > 23 || minutes > 59 || seconds > 60) {
    return undefined;
  }
  return midnight.getTime() + ((hours * 60 + minutes) * 60 + seconds) * 1_000;
}

/** What would be more than 50 years ahead is of the century before. */
function placeInCentury(twoDigits: number, nowMs: number): number {
  const thisYear = new Date(nowMs).getUTCFullYear();
  const year = thisYear - (thisYear % 100) + twoDigits;
  return year > thisYear + 50 ? year - 100 : year;
}

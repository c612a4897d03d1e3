/** HTML that is safe to put into a page. */
export class Html {
  constructor(readonly text: string) {}
}

const entities: Record<string, string> = {
  '&': '&amp;',
  '<': '&lt;',
  '>': '&gt;',
  '"': '&quot;',
};

/** Puts values into HTML: text is escaped, HTML stays, and of a list each. */
export function html(
  parts: TemplateStringsArray,
  ...values: (string | Html | readonly Html[])[]
): Html {
  return new Html(
    parts
      .map((part, index) =>
        index === 0 ? part : `${render(values[index - 1])}${part}`,
      )
      .join(''),
  );
}

function render(value: string | Html | readonly Html[]): string {
  if (typeof value === 'string') {
    return value.replace(/[&<>"]/g, character => entities[character]);
  }
  return value instanceof Html
    ? value.text
    : value.map(({ text }) => text).join('');
}

// Security headers by kind of answer. No CORS header is ever sent: other origins get nothing.

const always = {
  'x-content-type-options': 'nosniff',
  'referrer-policy': 'no-referrer',
  'cross-origin-resource-policy': 'same-origin',
  'x-frame-options': 'DENY',
} as const;

/** For JSON and downloads: nothing in them may ever be shown as a page. */
export const dataHeaders = {
  ...always,
  'content-security-policy': "default-src 'none'; frame-ancestors 'none'; sandbox",
  'cache-control': 'no-store',
} as const;

/** For pages: `extra` is joined to a policy that allows nothing. */
export function pageHeaders(extra: string[]): Record<string, string> {
  const policy = ["default-src 'none'", ...extra, "frame-ancestors 'none'", "base-uri 'none'", "object-src 'none'"];
  return {
    ...always,
    'content-security-policy': policy.join('; '),
    'cross-origin-opener-policy': 'same-origin',
    'permissions-policy': 'camera=(), geolocation=(), microphone=(), payment=(), usb=()',
    'cache-control': 'no-cache',
  };
}

/** For scripts, styles and images of the pages. */
export const assetHeaders = always;

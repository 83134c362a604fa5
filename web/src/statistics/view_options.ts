/** How the reader looks at the statistics. */
export interface ViewOptions {
  readonly asShare: boolean;
  readonly isLogY: boolean;
  readonly isLogX: boolean;
  readonly byWeight: boolean;
}

export const FIRST_VIEW: ViewOptions = { asShare: true, isLogY: false, isLogX: false, byWeight: false };

// Mantine's theme: sizes and defaults only. Colours come from style/tokens.css, which knows both schemes.
import {
  type CSSVariablesResolver,
  createTheme,
  localStorageColorSchemeManager,
  type MantineColorsTuple,
} from '@mantine/core';

const teal: MantineColorsTuple = [
  '#e6f2f0',
  '#cfe5e2',
  '#a5d3cd',
  '#76cdc4',
  '#4fa9a2',
  '#2f8a86',
  '#1b7273',
  '#0d5c60',
  '#094a4d',
  '#06393c',
];

/** Sizes, fonts and default variants of every control. */
export const theme = createTheme({
  primaryColor: 'teal',
  primaryShade: { light: 7, dark: 3 },
  colors: { teal },
  fontFamily: 'var(--sans)',
  fontFamilyMonospace: 'var(--mono)',
  defaultRadius: 4,
  cursorType: 'pointer',
  respectReducedMotion: true,
  components: {
    Button: { defaultProps: { size: 'xs', variant: 'default' } },
    ActionIcon: { defaultProps: { size: 28, variant: 'subtle', color: 'gray' } },
    TextInput: { defaultProps: { size: 'xs' } },
    NumberInput: { defaultProps: { size: 'xs' } },
    Textarea: { defaultProps: { size: 'xs' } },
    Select: { defaultProps: { size: 'xs', allowDeselect: false, checkIconPosition: 'right' } },
    MultiSelect: { defaultProps: { size: 'xs' } },
    Checkbox: { defaultProps: { size: 'xs' } },
    Switch: { defaultProps: { size: 'xs' } },
    SegmentedControl: { defaultProps: { size: 'xs', transitionDuration: 120 } },
    Modal: { defaultProps: { centered: false, yOffset: '9vh', overlayProps: { backgroundOpacity: 0.35 } } },
    Menu: { defaultProps: { shadow: 'none', position: 'bottom-end', transitionProps: { duration: 80 } } },
  },
});

/** Mantine's own variables, pointed at ours. */
export const variables: CSSVariablesResolver = () => {
  const shared = {
    '--mantine-color-body': 'var(--paper)',
    '--mantine-color-text': 'var(--ink)',
    '--mantine-color-dimmed': 'var(--ink-3)',
    '--mantine-color-placeholder': 'var(--ink-3)',
    '--mantine-color-default': 'var(--surface)',
    '--mantine-color-default-hover': 'var(--hover)',
    '--mantine-color-default-border': 'var(--edge)',
    '--mantine-color-default-color': 'var(--ink)',
    '--mantine-color-error': 'var(--bad)',
  };
  return { variables: {}, light: shared, dark: shared };
};

/** Remembers the scheme under the name that public/theme.js reads before the first paint. */
export const schemes = localStorageColorSchemeManager({ key: 'neutrino.theme' });

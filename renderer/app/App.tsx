// Providers around everything, and the choice between the log-in page and the app.
import { MantineProvider } from '@mantine/core';
import { QueryClientProvider, useQuery } from '@tanstack/react-query';
import { RouterProvider } from '@tanstack/react-router';
import { Problem, Waiting } from '../parts/Page.tsx';
import { Toasts } from '../parts/Toasts.tsx';
import { Login } from './Login.tsx';
import { queryClient } from './queries.ts';
import { router } from './router.tsx';
import { sessionQuery } from './session.ts';
import { schemes, theme, variables } from './theme.ts';

function Gate() {
  const session = useQuery(sessionQuery);
  if (session.isPending) return <Waiting />;
  if (session.error) {
    return (
      <div className="alone">
        <Problem error={session.error} onRetry={() => void session.refetch()} />
      </div>
    );
  }
  return session.data ? <RouterProvider router={router} /> : <Login />;
}

export function App() {
  return (
    <MantineProvider
      theme={theme}
      cssVariablesResolver={variables}
      colorSchemeManager={schemes}
      defaultColorScheme="auto"
    >
      <QueryClientProvider client={queryClient}>
        <Gate />
        <Toasts />
      </QueryClientProvider>
    </MantineProvider>
  );
}

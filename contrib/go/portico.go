// Package portico starts a stand-in for the vendor's cloud from a Go test.
//
// It needs the portico command and nothing else. Copy this file into your module. Start it once for
// each test binary, in TestMain, because net/http reads the proxy and crypto/x509 reads the
// certificates from the environment only once:
//
//	var standIn *portico.StandIn
//
//	func TestMain(m *testing.M) {
//		os.Exit(portico.Main(m, &standIn))
//	}
//
// Clients of the vendor's SDK then find the stand-in by their environment.
package portico

import (
	"bufio"
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"os"
	"os/exec"
	"strings"
	"time"
)

// Command is the program with its first arguments. PORTICO_COMMAND in the environment replaces it.
var Command = []string{"portico"}

// stopTime is how long a stand-in gets to stop by itself.
const stopTime = 20 * time.Second

// Tenant is a tenant, and an API client that can change everything in it.
type Tenant struct {
	CustomerID   string `json:"customer_id"`
	Name         string `json:"name"`
	ClientID     string `json:"client_id"`
	ClientSecret string `json:"client_secret"`
}

// StandIn is a running stand-in.
type StandIn struct {
	URL         string            `json:"url"`
	ProxyURL    string            `json:"proxy_url"`
	CAFile      string            `json:"ca_file"`
	CABundle    string            `json:"ca_bundle"`
	Tenants     []Tenant          `json:"tenants"`
	Environment map[string]string `json:"environment"`

	process *exec.Cmd
	input   io.Closer
}

// Runner is what Main needs of *testing.M.
type Runner interface{ Run() int }

// Main runs the tests of a package with a stand-in, and returns the exit status.
// The arguments are those of "portico emulate", for example "--seed", "vendor-tests".
func Main(tests Runner, standIn **StandIn, arguments ...string) int {
	started, err := Start(arguments...)
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
	defer started.Stop()
	if err := started.Setenv(); err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
	*standIn = started
	return tests.Run()
}

// Start starts a stand-in, and returns when it answers. It ends with this process at the latest.
func Start(arguments ...string) (*StandIn, error) {
	words := Command
	if chosen := os.Getenv("PORTICO_COMMAND"); chosen != "" {
		words = strings.Fields(chosen)
	}
	words = append(append([]string{}, words...), "emulate", "--json", "--stop-on-eof")
	process := exec.Command(words[0], append(words[1:], arguments...)...)
	var printed bytes.Buffer
	process.Stderr = &printed
	input, err := process.StdinPipe()
	if err != nil {
		return nil, err
	}
	output, err := process.StdoutPipe()
	if err != nil {
		return nil, err
	}
	if err := process.Start(); err != nil {
		return nil, fmt.Errorf("the portico command cannot be started, install it with "+
			"pip install portico-server: %w", err)
	}
	line, err := bufio.NewReader(output).ReadBytes('\n')
	if err != nil {
		_ = process.Wait()
		return nil, fmt.Errorf("the stand-in did not start: %s", strings.TrimSpace(printed.String()))
	}
	standIn := &StandIn{process: process, input: input}
	if err := json.Unmarshal(line, standIn); err != nil {
		standIn.Stop()
		return nil, fmt.Errorf("the stand-in printed %q: %w", line, err)
	}
	return standIn, nil
}

// Stop stops the stand-in and removes its data.
func (s *StandIn) Stop() {
	_ = s.input.Close()
	ended := make(chan struct{})
	go func() {
		_ = s.process.Wait()
		close(ended)
	}()
	select {
	case <-ended:
	case <-time.After(stopTime):
		_ = s.process.Process.Kill()
		<-ended
	}
}

// Setenv gives this process the environment of clients. Call it before the first request.
func (s *StandIn) Setenv() error {
	for name, value := range s.Environment {
		if err := os.Setenv(name, value); err != nil {
			return err
		}
	}
	return nil
}

// NewTenant creates a tenant, so that a test shares nothing with others.
func (s *StandIn) NewTenant() (Tenant, error) {
	var made struct{ CustomerID, Name, ClientID, ClientSecret string }
	if err := s.Control(http.MethodPost, "tenants", nil, struct{}{}, &made); err != nil {
		return Tenant{}, err
	}
	return Tenant(made), nil
}

// RemoveTenant removes a tenant with all that belongs to it.
func (s *StandIn) RemoveTenant(tenant Tenant) error {
	return s.Control(http.MethodDelete, "tenants/"+tenant.CustomerID, nil, nil, nil)
}

// Reset returns everything to the seed.
func (s *StandIn) Reset() error {
	return s.Control(http.MethodPost, "reset", nil, nil, nil)
}

// Control calls the control API, for example Control("PUT", "clock", nil, body, nil). It decodes the
// answer if answer is not nil, and returns the reason of a refusal as an error.
func (s *StandIn) Control(method, path string, query url.Values, body, answer any) error {
	var content io.Reader
	if body != nil {
		encoded, err := json.Marshal(body)
		if err != nil {
			return err
		}
		content = bytes.NewReader(encoded)
	}
	target := s.URL + "/_portico/" + path
	if len(query) > 0 {
		target += "?" + query.Encode()
	}
	request, err := http.NewRequest(method, target, content)
	if err != nil {
		return err
	}
	if body != nil {
		request.Header.Set("Content-Type", "application/json")
	}
	// Without the proxy, which is for the vendor's names.
	client := http.Client{Transport: &http.Transport{DisableKeepAlives: true}}
	response, err := client.Do(request)
	if err != nil {
		return err
	}
	defer response.Body.Close()
	received, err := io.ReadAll(response.Body)
	if err != nil {
		return err
	}
	if response.StatusCode >= 400 {
		var problem struct{ Detail string }
		_ = json.Unmarshal(received, &problem)
		return fmt.Errorf("%s %s: %d %s", method, path, response.StatusCode, problem.Detail)
	}
	if answer == nil || len(received) == 0 {
		return nil
	}
	return json.Unmarshal(received, answer)
}

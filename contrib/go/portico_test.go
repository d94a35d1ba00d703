package portico

import (
	"encoding/json"
	"fmt"
	"net/http"
	"net/url"
	"os"
	"strings"
	"testing"
)

var standIn *StandIn

func TestMain(m *testing.M) {
	os.Exit(Main(m, &standIn))
}

// newTenant returns a tenant of one test.
func newTenant(t *testing.T) Tenant {
	t.Helper()
	tenant, err := standIn.NewTenant()
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := standIn.RemoveTenant(tenant); err != nil {
			t.Error(err)
		}
	})
	return tenant
}

// signIn returns a token, as the vendor's SDK gets one: through the proxy, under the vendor's name.
func signIn(t *testing.T, tenant Tenant) string {
	t.Helper()
	form := url.Values{"client_id": {tenant.ClientID}, "client_secret": {tenant.ClientSecret}}
	response, err := http.PostForm("https://config.private.zscaler.com/signin", form)
	if err != nil {
		t.Fatal(err)
	}
	defer response.Body.Close()
	var token struct {
		AccessToken string `json:"access_token"`
		ExpiresIn   string `json:"expires_in"`
	}
	if err := json.NewDecoder(response.Body).Decode(&token); err != nil || token.AccessToken == "" {
		t.Fatalf("status %d, %v", response.StatusCode, err)
	}
	return token.AccessToken
}

// call sends a request to the links of a tenant, and returns the status.
func call(t *testing.T, tenant Tenant, token, method, body string) int {
	t.Helper()
	target := fmt.Sprintf(
		"https://config.private.zscaler.com/mgmtconfig/v1/admin/customers/%s/userPortalLink",
		tenant.CustomerID,
	)
	request, err := http.NewRequest(method, target, strings.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	request.Header.Set("Authorization", "Bearer "+token)
	request.Header.Set("Content-Type", "application/json")
	response, err := http.DefaultClient.Do(request)
	if err != nil {
		t.Fatal(err)
	}
	defer response.Body.Close()
	return response.StatusCode
}

func TestClientsReachTheStandInByTheirEnvironment(t *testing.T) {
	tenant := newTenant(t)
	token := signIn(t, tenant)

	created := call(t, tenant, token, http.MethodPost, `{"name":"Wiki","link":"wiki.example.com"}`)

	if created != http.StatusCreated {
		t.Fatalf("status %d", created)
	}
	var counted struct{ Count int }
	query := url.Values{"customerId": {tenant.CustomerID}, "operation": {"create_link"}}
	if err := standIn.Control("GET", "requests/count", query, nil, &counted); err != nil {
		t.Fatal(err)
	}
	if counted.Count != 1 {
		t.Fatalf("%d requests in the journal", counted.Count)
	}
}

func TestFirstTenantIsInTheEnvironment(t *testing.T) {
	if os.Getenv("ZPA_CUSTOMER_ID") != standIn.Tenants[0].CustomerID {
		t.Fatal("ZPA_CUSTOMER_ID is not the first tenant")
	}
}

func TestResetReturnsToTheSeed(t *testing.T) {
	tenant := standIn.Tenants[0]
	call(t, tenant, signIn(t, tenant), http.MethodPost, `{"name":"Wiki","link":"wiki.example.com"}`)

	if err := standIn.Reset(); err != nil {
		t.Fatal(err)
	}

	again := call(
		t, tenant, signIn(t, tenant), http.MethodPost, `{"name":"Wiki","link":"wiki.example.com"}`,
	)
	if again != http.StatusCreated {
		t.Fatalf("status %d", again)
	}
}

func TestControlReturnsTheReasonOfARefusal(t *testing.T) {
	err := standIn.RemoveTenant(Tenant{CustomerID: "1"})

	if err == nil || !strings.Contains(err.Error(), "no tenant with the id 1") {
		t.Fatalf("%v", err)
	}
}

func TestStartSaysWhyItFailed(t *testing.T) {
	_, err := Start("--seed", "nonsense")

	if err == nil || !strings.Contains(err.Error(), "no built-in seed") {
		t.Fatalf("%v", err)
	}
}
